// How long it takes to verify a signature, against the hashing that cannot be avoided:
//
//   verify  the gate of the function: GitHub's way (HMAC-SHA256 in hex after sha256=), a body of 1 KiB, three secrets
//           as while one is being rotated, and a signature made with the last of them
//   bare    three HMACs of node:crypto over the same body with the same keys, and nothing else
//
// Both are timed in batches, one after the other in each round and in turns first, so that whatever else the machine does
// falls on both alike. The goal is about the median of the ratios of all rounds. The first rounds are not counted: the
// compiler is at work in them. Its limits: a warm process. A cold one, which is what Function Compute often starts, is
// what first-answer.ts measures.
//
//   node --import tsx bench/verify.ts
import { createHmac, randomBytes } from 'node:crypto';
import { cpus } from 'node:os';
import { presets } from '../functions/webhook/source/presets.ts';
import { verify } from '../functions/webhook/verify/verify.ts';
import { signatureHeaders } from '../local/sign.ts';

/** How much longer than the bare hashing it should take at most. Told, never enforced. */
const goal = 2;
const rounds = 1000;
const warmUpRounds = 100;
const callsPerRound = 100;

const parameters = presets.github.verify;
const secrets = ['bench-newest-secret', 'bench-newer-secret', 'bench-old-secret'];
const keys = secrets.map((secret) => Buffer.from(secret));
const body = randomBytes(1024);
const headers = new Map(Object.entries(signatureHeaders(parameters, 'bench-old-secret', body)));
headers.set('content-type', 'application/json');

/** Of the digests' bytes, so that nothing can be left out as unused. */
let sum = 0;

const verifyOnce = () => {
  verify(parameters, keys, { headers, body }, 0);
};
const hashThrice = () => {
  for (const key of keys) sum += createHmac('sha256', key).update(body).digest().readUInt8(0);
};

const verified: number[] = [];
const bare: number[] = [];
for (let round = -warmUpRounds; round < rounds; round += 1) {
  const times =
    round % 2 === 0 ? measureBoth(verifyOnce, hashThrice) : measureBoth(hashThrice, verifyOnce).reverse();
  const [verifyTime = Number.NaN, bareTime = Number.NaN] = times;
  if (round < 0) continue;
  verified.push(verifyTime);
  bare.push(bareTime);
}
print();

function measureBoth(first: () => void, second: () => void): number[] {
  return [measure(first), measure(second)];
}

/** Microseconds of one call. */
function measure(work: () => void): number {
  const startedAt = process.hrtime.bigint();
  for (let call = 0; call < callsPerRound; call += 1) work();
  return Number(process.hrtime.bigint() - startedAt) / 1000 / callsPerRound;
}

function print(): void {
  if (sum === 0) throw new Error('nothing was hashed');
  const ratios = verified.map((time, round) => time / (bare[round] ?? Number.NaN)).toSorted((a, b) => a - b);
  const at = (fraction: number) =>
    `${(ratios[Math.floor(fraction * (rounds - 1))] ?? Number.NaN).toFixed(2)}×`;
  console.log(
    `Node.js ${process.version}, ${cpus()[0]?.model ?? 'CPU unknown'}, ${rounds} rounds of ${callsPerRound} calls\n`,
  );
  console.log(`verify  ${median(verified).toFixed(1)} µs  1 KiB, three secrets, HMAC-SHA256 in hex`);
  console.log(`bare    ${median(bare).toFixed(1)} µs  three HMACs of node:crypto`);
  console.log(`ratio   ${at(0.5)}, middle half ${at(0.25)} to ${at(0.75)}; goal ≤ ${goal.toFixed(2)}×`);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
