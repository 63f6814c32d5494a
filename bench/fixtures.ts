import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Plugin } from 'esbuild';
import { bundleWebhook } from '../local/build/bundle.ts';
import { compileSources } from '../local/build/compile-sources.ts';
import { toTitleCase } from '../local/sandbox/http-event.ts';
import { signatureHeaders } from '../local/signing/sign.ts';
import { presets } from '../presets/index.ts';

/** Known to the stand-ins only. */
export const credentials = {
  accessKeyId: 'STS.bench-key-id',
  accessKeySecret: 'bench-key-secret',
  securityToken: 'bench-security-token',
};
export const accountId = '1234567890123456';
export const followFunction = 'edas-rollback-follow';
export const secret = 'bench-pipeline-secret';
export const changeOrderId = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
export const context = { requestId: 'bench', region: 'cn-hangzhou', accountId, credentials };

/** What EDAS may take for a call. */
export const slowEdasMs = 300;

/** As s.yaml deploys it, but for GitHub, which no benchmark calls. */
export const pipelineSource = 'sources: { pipeline: { preset: generic, secrets: [SECRET_PIPELINE] } }';

export function makeFolder(parent: string, name: string): string {
  const folder = path.join(parent, name);
  mkdirSync(folder);
  return folder;
}

/** Builds the webhook function into a folder, and says which file it is. */
export async function writeFunction(
  folder: string,
  sources: string,
  plugins: readonly Plugin[] = [],
): Promise<string> {
  const { path: file, files } = await bundleWebhook(compileSources(sources), folder, plugins);
  for (const each of files) writeFileSync(each.path, each.contents);
  return path.resolve(file);
}

/** A webhook of this many bytes, about. */
export function bodyOf(bytes: number, id = changeOrderId): string {
  const asked = { changeOrderId: id };
  const filling = Math.max(0, bytes - JSON.stringify({ ...asked, log: '' }).length);
  return JSON.stringify({ ...asked, log: 'The quick brown fox. '.repeat(bytes / 20 + 1).slice(0, filling) });
}

/** The headers of a sender, whose signature is right with {@link secret} only. */
export function headersOf(body: string, signedWith = secret): Record<string, string> {
  return { ...unsignedHeaders, ...titled(signatureHeaders(presets.generic.verify, signedWith, body)) };
}

/** Those of a caller that knows nothing but the URL. */
export const unsignedHeaders = { 'Content-Type': 'application/json', 'User-Agent': 'bench/1.0' };

function titled(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [toTitleCase(name), value]));
}

/**
 * The event that Function Compute makes of a webhook, with all fields that it documents.
 * https://www.alibabacloud.com/help/en/functioncompute/fc-3-0/user-guide/http-trigger-invoking-function
 */
export function eventOf(body: string, headers: Record<string, string>, source = 'pipeline'): string {
  const requestPath = `/${source}`;
  return JSON.stringify({
    version: 'v1',
    rawPath: requestPath,
    body,
    isBase64Encoded: false,
    headers,
    queryParameters: {},
    requestContext: {
      accountId,
      domainName: 'bench.cn-hangzhou.fcapp.run',
      domainPrefix: 'bench',
      requestId: '1-00000000-00000000-000000000000',
      http: {
        method: 'POST',
        path: requestPath,
        protocol: 'HTTP/1.1',
        sourceIp: '127.0.0.1',
        userAgent: headers['User-Agent'] ?? '',
      },
      time: '2026-01-01T00:00:00.000Z',
      timeEpoch: '1767225600000',
    },
  });
}
