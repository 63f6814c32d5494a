import { LineCounter, parseDocument, visit, type Document } from 'yaml';
import { reasonOf } from '../../functions/text.ts';
import { presets, type Preset } from '../../functions/webhook/source/presets.ts';
import type { CompiledSource } from '../../functions/webhook/source/source.ts';
import type { HmacParameters } from '../../functions/webhook/verify/hmac.ts';
import { compileExpression, type Purpose } from './compile-expression.ts';
import { describeIssue } from './describe-issue.ts';
import { offsetOf, toPosition, type Path, type Position } from './position.ts';
import { sourcesSchema, type SourceSettings, type VerifySettings } from './sources-schema.ts';

/** A place in sources.yaml, and what is wrong there. */
export interface SourcesFault extends Position {
  message: string;
}

/** sources.yaml cannot work. Carries every fault that was found, in the order of the file. */
export class SourcesError extends Error {
  override readonly name = 'SourcesError';
  readonly faults: readonly SourcesFault[];

  constructor(faults: readonly SourcesFault[]) {
    super(`sources.yaml has ${faults.length} fault(s)`);
    this.faults = faults.toSorted((a, b) => a.line - b.line || a.column - b.column);
  }
}

type Report = (path: Path, message: string) => void;

/** Where the YAML library speaks to programmers. */
const faultsOfYaml: Record<string, string> = {
  DUPLICATE_KEY: 'this name is there twice',
  MULTIPLE_DOCS: 'this must be one document: take the --- out',
};

/**
 * Checks the text of a sources.yaml and compiles it to what the function reads: presets resolved, JMESPath parsed.
 *
 * @throws SourcesError
 */
export function compileSources(text: string): CompiledSource[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const faults: SourcesFault[] = document.errors.map(({ pos, code, message }) => ({
    ...toPosition(lines, pos[0]),
    message: faultsOfYaml[code] ?? message,
  }));
  const report: Report = (path, message) => {
    faults.push({ ...toPosition(lines, offsetOf(document, path)), message });
  };
  const fail = () => new SourcesError(faults);
  visit(document, {
    Alias: (_key, alias) => {
      if (alias.resolve(document)) return;
      const message = `*${alias.source} stands for nothing: there is no &${alias.source} before it`;
      faults.push({ ...toPosition(lines, alias.range?.[0] ?? 0), message });
    },
  });
  if (faults.length > 0) throw fail();

  const parsed = sourcesSchema.safeParse(toPlainValue(document, report), { reportInput: true });
  if (faults.length > 0) throw fail();
  if (!parsed.success) {
    for (const { path, message } of parsed.error.issues.flatMap(describeIssue)) report(path, message);
    throw fail();
  }
  const compiled = Object.entries(parsed.data.sources).map(([name, settings]) =>
    compileSource(name, settings, (path, message) => {
      report(['sources', name, ...path], message);
    }),
  );
  if (faults.length > 0) throw fail();
  return compiled;
}

/** The YAML library gives up on aliases that multiply to more than it takes. */
function toPlainValue(document: Document, report: Report): unknown {
  try {
    return document.toJS();
  } catch (error) {
    report([], `this cannot be read: ${reasonOf(error)}`);
    return undefined;
  }
}

function compileSource(name: string, settings: SourceSettings, report: Report): CompiledSource {
  const { preset: presetName, verify, secrets, when, allow, changeOrderId, deadlineMs, ...rest } = settings;
  if ((presetName === undefined) === (verify === undefined)) {
    report([], 'a source needs either a preset or verify, and not both');
  }
  if (new Set(secrets).size < secrets.length) report(['secrets'], 'a variable is named twice');
  // A way of signing that is spelt out is a generic sender's in all other respects.
  const preset: Preset = presets[presetName ?? 'generic'];
  const expression = (key: string, text: string | undefined, purpose: Purpose) =>
    text === undefined
      ? undefined
      : compileExpression(text, purpose, (message) => {
          report([key], message);
        });
  return {
    name,
    verify: verify ? toParameters(verify, report) : preset.verify,
    secrets,
    deliveryHeader: preset.deliveryHeader,
    ping: preset.ping,
    actor: expression('preset', preset.actor, 'text'),
    when: expression('when', when, 'truth'),
    allow: expression('allow', allow, 'truth'),
    changeOrderId: expression('changeOrderId', changeOrderId, 'text'),
    ...rest,
    deadlineMs: deadlineMs ?? preset.deadlineMs,
  };
}

function toParameters(verify: VerifySettings, report: Report): HmacParameters {
  const { header, separator, signed, timestamp, idHeader, ...rest } = verify;
  checkHeaders(verify, report);
  checkList(verify, report);
  const parts = signed.split(/(\{[^}]*\})/).filter((part) => part !== '');
  checkTemplate(parts, verify, report);
  return {
    ...rest,
    header: header.toLowerCase(),
    separator: separator && (separator === 'comma' ? ',' : ' '),
    signed: parts,
    timestamp: timestamp && { ...timestamp, header: timestamp.header.toLowerCase() },
    idHeader: idHeader?.toLowerCase(),
  };
}

/** One header cannot be the signature and something under it. */
function checkHeaders({ header, timestamp, idHeader }: VerifySettings, report: Report): void {
  const names = [header, timestamp?.header, idHeader].flatMap((name) => name?.toLowerCase() ?? []);
  if (new Set(names).size < names.length)
    report(['verify'], 'header, timestamp.header and idHeader must differ');
}

/** The list is split before a prefix is looked for. */
function checkList({ separator, prefix }: VerifySettings, report: Report): void {
  if (separator === undefined) return;
  if (prefix.includes(separator === 'comma' ? ',' : ' ')) {
    report(['verify', 'prefix'], `no part of a list separated by ${separator} can begin with "${prefix}"`);
  }
}

/** A signature that leaves the body out protects nothing, and a time or an id that it leaves out proves nothing. */
function checkTemplate(parts: readonly string[], verify: VerifySettings, report: Report): void {
  const path = ['verify', 'signed'];
  const has = (placeholder: string) => parts.includes(placeholder);
  for (const part of parts) {
    if (/^\{.*\}$/.test(part) && !['{body}', '{timestamp}', '{id}'].includes(part)) {
      report(path, `${part} is not known; there are {body}, {timestamp} and {id}`);
    }
  }
  if (!has('{body}')) report(path, 'the signed text must contain {body}');
  if (has('{timestamp}') !== (verify.timestamp !== undefined)) {
    report(path, '{timestamp} in signed and the key timestamp belong together: only a signed time counts');
  }
  if (has('{id}') !== (verify.idHeader !== undefined)) {
    report(path, '{id} in signed and the key idHeader belong together');
  }
}
