import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { bundleFollow, bundleWebhook, root } from '../local/build/bundle.ts';
import { partsByFile, zippedBytes } from '../local/build/weight.ts';
import { compileConfigurationFile, uploadedFiles } from '../local/build/write-bundle.ts';
import {
  bodyOf,
  context,
  eventOf,
  headersOf,
  makeFolder,
  pipelineSource,
  secret,
  writeFunction,
} from './fixtures.ts';
import { atMost, toTable, type MutableFindings } from './report.ts';
import { runProcess } from './run-process.ts';
import { nodeServer, startServer } from './servers.ts';
import { differencesOf, interleave, median } from './statistics.ts';

const requests = 1000;
const largestZipKb = 130;
const mostMemoryMb = 64;

/** Bytes of what is deployed, and the memory of a process that has served a thousand requests. */
export async function weight(folder: string, rounds: number): Promise<MutableFindings> {
  const findings: MutableFindings = { tables: [], goals: [], notes: [] };
  await measureBytes(folder, findings);
  await measureMemory(folder, rounds, findings);
  return findings;
}

async function measureBytes(folder: string, { goals, notes }: MutableFindings): Promise<void> {
  const { sources, notify } = compileConfigurationFile(path.join(root, 'sources.yaml'));
  const bundles = [await bundleWebhook(sources, folder), await bundleFollow(notify, folder)];
  const files = uploadedFiles(bundles, folder);
  const parts = new Map(bundles.flatMap(({ metafile }) => [...partsByFile(metafile)]));
  for (const { path: file, contents } of files) {
    const name = path.basename(file);
    const told = (parts.get(name) ?? []).map(([part, bytes]) => `${part} ${inKb(bytes)}`);
    notes.push([`${name} ${inKb(contents.length)}`, told.join(', ')].filter(Boolean).join(': '));
  }
  goals.push(atMost('zip of both functions', largestZipKb, zippedBytes(files) / 1000, 'KB'));
}

async function measureMemory(folder: string, rounds: number, findings: MutableFindings): Promise<void> {
  const edas = await startServer(1, nodeServer('peers/fixed-edas.mjs'));
  try {
    const bundle = await writeFunction(makeFolder(folder, 'memory'), pipelineSource);
    const body = bodyOf(1024);
    const event = eventOf(body, headersOf(body));
    const run = path.join(folder, 'thousand.json');
    writeFileSync(run, JSON.stringify({ bundle, event, context, status: 202, times: requests }));
    const program = path.join(import.meta.dirname, 'serve-thousand.cjs');
    const env = { SECRET_PIPELINE: secret, EDAS_ENDPOINT: edas.url };
    const args = { nothing: [program], [served]: [program, run] };
    const series = await interleave(
      ['nothing', served] as const,
      { rounds, warmUpRounds: 1 },
      async (name) => (await runProcess({ args: args[name], env })).told / 1024,
    );
    findings.tables.push(toTable('Memory of a process at most', 'MB', 'nothing', series));
    const more = differencesOf(series[served], series.nothing);
    findings.goals.push(atMost('peak memory beyond nothing', mostMemoryMb, median(more), 'MB'));
  } finally {
    edas.stop();
  }
}

const served = '1,000 accepted requests';

function inKb(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} KB`;
}
