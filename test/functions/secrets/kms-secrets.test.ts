import { setImmediate as allCalled } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { KmsClient, VersionStage } from '../../../functions/kms/client.ts';
import { KmsFailure } from '../../../functions/kms/failure.ts';
import {
  createKmsSecrets,
  type KmsSecrets,
  type SecretVersions,
} from '../../../functions/secrets/kms-secrets.ts';

const minute = 60_000;
const freshMs = 5 * minute;

/** What KMS answers at each stage: a text, or why not. */
type Answers = Partial<Record<VersionStage, string | KmsFailure>>;

interface Stage {
  secrets: KmsSecrets;
  /** What a read gives: the texts; or, where nothing is known, the seconds to wait. */
  read: (maxAgeMs?: number, timeoutMs?: number) => Promise<unknown>;
  /** Reads so far, of both versions each. */
  reads: () => number;
  answer: (answers: Answers | Promise<Answers>) => void;
  pass: (ms: number) => void;
  clocks: { timeOfDay: number; onClock: number };
  log: { level: string; msg: string; fields: Record<string, unknown> }[];
}

const none = new KmsFailure('refused', 'There is no such version.');
const down = new KmsFailure('unavailable', 'KMS is down.');
const denied = new KmsFailure('refused', 'KMS denies it.', 'fake-request-id');

function setStage(): Stage {
  const clocks = { timeOfDay: Date.parse('2026-01-02T03:04:05Z'), onClock: 1_000 };
  const log: Stage['log'] = [];
  let answers: Answers | Promise<Answers> = { ACSCurrent: 'one', ACSPrevious: none };
  let reads = 0;
  const kms: KmsClient = {
    getSecretValue: async (_name, stage) => {
      if (stage === 'ACSCurrent') reads += 1;
      const answer = (await answers)[stage] ?? none;
      if (answer instanceof KmsFailure) throw answer;
      return { text: answer, versionId: `id-of-${answer}` };
    },
  };
  const secrets = createKmsSecrets({
    now: () => clocks.timeOfDay,
    clock: { now: () => clocks.onClock },
    log: (level, msg, fields = {}) => void log.push({ level, msg, fields }),
  });
  return {
    secrets,
    read: (maxAgeMs = freshMs, timeoutMs = 50) =>
      secrets
        .read('pipeline', { openKms: () => Promise.resolve(kms), timeoutMs, maxAgeMs })
        .then(textsOf, (error: unknown) => error),
    reads: () => reads,
    answer: (next) => {
      answers = next;
    },
    pass: (ms) => {
      clocks.timeOfDay += ms;
      clocks.onClock += ms;
    },
    clocks,
    log,
  };
}

const textsOf = (versions: SecretVersions) => versions.map((version) => version?.text);
const unknownFor = (retryAfterSeconds: number | undefined) =>
  expect.objectContaining({ name: 'SecretUnavailable', retryAfterSeconds }) as unknown;

/** Holds the answer of KMS back until it is released with what this returns. */
function hold(answer: Stage['answer']): (answers: Answers) => void {
  let release: (answers: Answers) => void = () => undefined;
  answer(
    new Promise<Answers>((resolve) => {
      release = resolve;
    }),
  );
  return release;
}

describe('a secret in KMS', () => {
  test('is both of its versions, the current one first', async () => {
    const { read, answer } = setStage();
    answer({ ACSCurrent: 'two', ACSPrevious: 'one' });
    expect(await read()).toEqual(['two', 'one']);
  });

  test('is the current version alone where there is no other', async () => {
    expect(await setStage().read()).toEqual(['one']);
  });

  test('is read once in five minutes, and then as it is', async () => {
    const { read, reads, answer, pass } = setStage();
    await read();
    answer({ ACSCurrent: 'two', ACSPrevious: 'one' });
    pass(freshMs - 1);
    expect([await read(), reads()]).toEqual([['one'], 1]);
    pass(1);
    expect([await read(), reads()]).toEqual([['two', 'one'], 2]);
  });

  test('is read again sooner for a request that cannot use it', async () => {
    const { read, reads, pass } = setStage();
    await read();
    pass(minute);
    await read(minute);
    expect(reads()).toBe(2);
  });

  test.each<[string, (clocks: Stage['clocks']) => void]>([
    ['the clock stood still while the instance was frozen', (clocks) => (clocks.timeOfDay += freshMs)],
    [
      'the time of day was put back',
      (clocks) => {
        clocks.timeOfDay -= 24 * 60 * minute;
        clocks.onClock += freshMs;
      },
    ],
  ])('ages, though %s', async (_what, move) => {
    const { read, reads, clocks } = setStage();
    await read();
    move(clocks);
    await read();
    expect(reads()).toBe(2);
  });

  test('is read once for all who need it at the same moment', async () => {
    const { read, reads } = setStage();
    expect(await Promise.all([read(), read(), read()])).toEqual([['one'], ['one'], ['one']]);
    expect(reads()).toBe(1);
  });

  test('of one name is not that of another', async () => {
    const { secrets, reads } = setStage();
    const kms: KmsClient = {
      getSecretValue: (name) => Promise.resolve({ text: `text of ${name}`, versionId: undefined }),
    };
    const reading = { openKms: () => Promise.resolve(kms), timeoutMs: 50, maxAgeMs: freshMs };
    expect((await secrets.read('a', reading))[0].text).toBe('text of a');
    expect((await secrets.read('b', reading))[0].text).toBe('text of b');
    expect(reads()).toBe(0);
  });
});

describe('while KMS gives no answer,', () => {
  test('what was read before is used for an hour, and then nothing', async () => {
    const { read, answer, pass } = setStage();
    await read();
    answer({ ACSCurrent: down, ACSPrevious: down });
    pass(60 * minute - 1);
    expect(await read()).toEqual(['one']);
    pass(1);
    expect(await read()).toEqual(unknownFor(10));
  });

  test('what was never read is not known', async () => {
    const { read, answer } = setStage();
    answer({ ACSCurrent: down });
    expect(await read()).toEqual(unknownFor(10));
  });

  test('it is left alone for 10 s, then 20, 40, and 60 from then on', async () => {
    const { read, reads, answer, pass } = setStage();
    answer({ ACSCurrent: down });
    await read();
    for (const [round, seconds] of [10, 20, 40, 60, 60].entries()) {
      pass(seconds * 1000 - 1);
      expect(await read()).toEqual(unknownFor(1));
      expect(reads()).toBe(round + 1);
      pass(1);
      await read();
      expect(reads()).toBe(round + 2);
    }
  });

  test('and once it has given one, the pauses begin anew', async () => {
    const { read, reads, answer, pass } = setStage();
    answer({ ACSCurrent: down });
    await read();
    pass(10_000);
    answer({ ACSCurrent: 'one' });
    expect(await read()).toEqual(['one']);
    pass(freshMs);
    answer({ ACSCurrent: down });
    await read();
    pass(10_000);
    await read();
    expect(reads()).toBe(4);
  });

  test('trouble with the previous version alone is trouble, for its senders would be told that they are wrong', async () => {
    const { read, answer, pass } = setStage();
    answer({ ACSCurrent: 'two', ACSPrevious: down });
    expect(await read()).toEqual(unknownFor(10));
    answer({ ACSCurrent: 'two', ACSPrevious: 'one' });
    pass(10_000);
    expect(await read()).toEqual(['two', 'one']);
  });

  test('a request that shares the read of another waits no longer than it may itself', async () => {
    const { read, answer, pass } = setStage();
    await read();
    pass(freshMs);
    const release = hold(answer);
    const first = read();
    // The second has 50 ms of its own, and then takes what was read before.
    expect(await read()).toEqual(['one']);
    release({ ACSCurrent: 'two', ACSPrevious: 'one' });
    expect(await first).toEqual(['two', 'one']);
  });

  test('a request that shares the first read of another, and cannot wait, is answered when to come again', async () => {
    const { read, answer } = setStage();
    const release = hold(answer);
    const first = read();
    expect(await read()).toEqual(unknownFor(10));
    release({ ACSCurrent: 'one' });
    expect(await first).toEqual(['one']);
  });

  test('a request with more time than the one that got none asks again at once; one with as little waits', async () => {
    const { read, answer, reads } = setStage();
    answer({ ACSCurrent: down });
    expect(await read(freshMs, 10)).toEqual(unknownFor(10));
    expect(await read(freshMs, 10)).toEqual(unknownFor(10));
    expect(reads()).toBe(1);
    answer({ ACSCurrent: 'one' });
    expect(await read(freshMs, 20)).toEqual(['one']);
  });

  test('those that share the read of one with less time read again, once for all, when that one got nothing', async () => {
    const { read, answer, reads } = setStage();
    const release = hold(answer);
    const impatient = read(freshMs, 20);
    const patient = [read(), read()];
    await allCalled();
    release({ ACSCurrent: down });
    answer({ ACSCurrent: 'one' });
    expect(await impatient).toEqual(unknownFor(10));
    expect(await Promise.all(patient)).toEqual([['one'], ['one']]);
    expect(reads()).toBe(2);
  });

  test('what KMS refuses is not asked for again by a request with more time', async () => {
    const { read, answer, reads } = setStage();
    answer({ ACSCurrent: denied });
    await read(freshMs, 10);
    expect(await read(freshMs, 50)).toEqual(unknownFor(undefined));
    expect(reads()).toBe(1);
  });
});

test('Invariant 10: no call goes on after a read, though one of its two has failed at once', async () => {
  const { secrets } = setStage();
  let end: () => void = () => undefined;
  let hasEnded = false;
  const kms: KmsClient = {
    getSecretValue: async (_name, stage) => {
      if (stage === 'ACSCurrent') throw denied;
      await new Promise<void>((resolve) => {
        end = resolve;
      });
      hasEnded = true;
      throw down;
    },
  };
  const reading = { openKms: () => Promise.resolve(kms), timeoutMs: 50, maxAgeMs: freshMs };
  const read = secrets.read('pipeline', reading).catch((error: unknown) => [error, hasEnded]);
  await new Promise(setImmediate);
  end();
  expect(await read).toEqual([unknownFor(undefined), true]);
});

describe('where KMS refuses,', () => {
  test('what was read before is forgotten, and it is asked again after a pause', async () => {
    const { read, reads, answer, pass } = setStage();
    await read();
    pass(freshMs);
    answer({ ACSCurrent: denied });
    expect(await read()).toEqual(unknownFor(undefined));
    answer({ ACSCurrent: down });
    pass(10_000);
    expect(await read()).toEqual(unknownFor(20));
    answer({ ACSCurrent: 'one' });
    pass(20_000);
    expect([await read(), reads()]).toEqual([['one'], 4]);
  });

  test('an address or credentials that cannot be used are a refusal', async () => {
    const { secrets, log } = setStage();
    const reading = {
      openKms: () => Promise.reject(new Error('The function has no role.')),
      timeoutMs: 50,
      maxAgeMs: freshMs,
    };
    await expect(secrets.read('pipeline', reading)).rejects.toEqual(unknownFor(undefined));
    expect(log).toMatchObject([{ fields: { reason: 'The function has no role.' } }]);
  });

  test('an error that is not expected is trouble, and its words are in no answer', async () => {
    const { secrets, log } = setStage();
    const kms: KmsClient = { getSecretValue: () => Promise.reject(new Error('fake-secret')) };
    const reading = { openKms: () => Promise.resolve(kms), timeoutMs: 50, maxAgeMs: freshMs };
    await expect(secrets.read('pipeline', reading)).rejects.toEqual(unknownFor(10));
    expect(JSON.stringify(log)).not.toContain('fake-secret');
  });
});

describe('the log', () => {
  test('has a line for each version that is new, with its id and without its text, and none for a read that found nothing new', async () => {
    const { read, answer, pass, log } = setStage();
    await read();
    pass(freshMs);
    await read();
    answer({ ACSCurrent: 'two', ACSPrevious: 'one' });
    pass(freshMs);
    await read();
    const msg = 'a secret was read from KMS';
    expect(log).toEqual([
      { level: 'info', msg, fields: { secret: 'kms:pipeline', version: 'id-of-one' } },
      {
        level: 'info',
        msg,
        fields: { secret: 'kms:pipeline', version: 'id-of-two', previousVersion: 'id-of-one' },
      },
    ]);
  });

  test('has a line for each failed read and none for each request, and one when it is over', async () => {
    const { read, answer, pass, log } = setStage();
    await read();
    log.length = 0;
    pass(freshMs);
    answer({ ACSCurrent: down });
    for (let request = 0; request < 10; request += 1) await read();
    expect(log).toEqual([
      {
        level: 'warn',
        msg: 'a secret cannot be read from KMS',
        fields: {
          secret: 'kms:pipeline',
          reason: 'KMS is down.',
          kmsRequestId: undefined,
          consequence: 'what was read before is used for 3300 s more',
          nextReadInSeconds: 10,
        },
      },
    ]);
    pass(10_000);
    answer({ ACSCurrent: 'one' });
    await read();
    expect(log.slice(1)).toMatchObject([{ level: 'info', msg: 'a secret was read from KMS' }]);
  });

  test('says at a refusal that the sources are closed, and which call it was', async () => {
    const { read, answer, log } = setStage();
    answer({ ACSCurrent: denied });
    await read();
    expect(log).toEqual([
      {
        level: 'error',
        msg: 'a secret cannot be read from KMS',
        fields: {
          secret: 'kms:pipeline',
          reason: 'KMS denies it.',
          kmsRequestId: 'fake-request-id',
          consequence: 'its sources are closed',
          nextReadInSeconds: 10,
        },
      },
    ]);
  });
});
