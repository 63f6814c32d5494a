import { describe, expect, onTestFinished, test } from 'vitest';
import { createEdasClient } from '../../../../functions/edas/client.ts';
import { checkEdas, impossibleOrder } from '../../../../local/commands/doctor/check-edas.ts';
import {
  businessErrorUnder200,
  deniedByRam,
  edasErrorcodeUnder500,
  gatewayError,
  htmlBadGateway,
  throttled,
  type Fault,
} from '../../../../local/stand-ins/edas/faults.ts';
import { startEdasStandIn, type EdasStandIn } from '../../../../local/stand-ins/edas/stand-in.ts';
import { fakeCredentials } from '../../../support/webhook.ts';
import { findingsIn } from './findings.ts';

async function start(): Promise<EdasStandIn> {
  const edas = await startEdasStandIn({ credentials: fakeCredentials });
  onTestFinished(() => edas.close());
  return edas;
}

const clientOf = (url: string, credentials = fakeCredentials) =>
  createEdasClient(url, { getCredentials: () => Promise.resolve(credentials) });

const check = (url: string, credentials = fakeCredentials) =>
  findingsIn(checkEdas(clientOf(url, credentials), 'RollbackChangeOrder'));

/** What is found where the calls of an operation meet a fault. */
async function checkWith(operation: 'GetChangeOrderInfo' | 'RollbackChangeOrder', fault: Fault) {
  const edas = await start();
  edas.setFault((call) => (call.operation === operation ? fault : undefined));
  return { findings: await check(edas.url), edas };
}

const operationsOf = ({ calls }: EdasStandIn) => calls.map(({ operation }) => operation);

describe('the rights', () => {
  test('are there where EDAS says that it knows no such order, to a read and then to a rollback', async () => {
    const edas = await start();
    expect(await check(edas.url)).toEqual([
      {
        verdict: 'right',
        what: expect.stringMatching(/^you may read change orders.*knows no such order/) as unknown,
      },
      { verdict: 'right', what: expect.stringMatching(/^you may roll back.*knows no such order/) as unknown },
    ]);
    expect(edas.calls.map(({ operation, changeOrderId }) => [operation, changeOrderId])).toEqual([
      ['GetChangeOrderInfo', impossibleOrder],
      ['RollbackChangeOrder', impossibleOrder],
    ]);
  });

  test('are asked for with the rollback of a Kubernetes cluster where there is no other', async () => {
    const edas = await start();
    await findingsIn(checkEdas(clientOf(edas.url), 'AbortAndRollbackChangeOrder'));
    expect(operationsOf(edas)).toEqual(['GetChangeOrderInfo', 'AbortAndRollbackChangeOrder']);
  });

  test.each([businessErrorUnder200({ code: 601 }), edasErrorcodeUnder500()])(
    'are there, as far as can be seen, where EDAS itself refuses: $name',
    async (fault) => {
      const { findings } = await checkWith('GetChangeOrderInfo', fault);
      expect(findings.map(({ verdict }) => verdict)).toEqual(['right', 'right']);
      expect(findings[0]?.what).toContain('It is not documented whether it checks the right first');
    },
  );

  test.each([deniedByRam(), businessErrorUnder200({ code: 403 }), gatewayError('Resouce.no.permission')])(
    'to roll back cannot be told apart from a right to other applications where EDAS denies: $name',
    async (fault) => {
      const { findings } = await checkWith('RollbackChangeOrder', fault);
      expect(findings).toMatchObject([
        { verdict: 'right' },
        {
          verdict: 'unknown',
          what: expect.stringContaining('EDAS denied it') as unknown,
          advice: expect.stringMatching(/edas:ManageApplication is missing, or it is limited/) as unknown,
        },
      ]);
    },
  );

  test('are not asked for where the credentials are not accepted', async () => {
    const { findings, edas } = await checkWith(
      'GetChangeOrderInfo',
      gatewayError('InvalidAccessKeyId.NotFound'),
    );
    expect(findings).toMatchObject([{ verdict: 'wrong' }, { verdict: 'skipped' }]);
    expect(operationsOf(edas)).toEqual(['GetChangeOrderInfo']);
  });

  test('are not asked for with another key', async () => {
    const edas = await start();
    const findings = await check(edas.url, { ...fakeCredentials, accessKeySecret: 'another-fake-secret' });
    expect(findings[0]).toMatchObject({
      verdict: 'wrong',
      what: expect.stringContaining('does not accept') as unknown,
    });
    expect(JSON.stringify(findings)).not.toContain('another-fake-secret');
  });

  test.each([
    deniedByRam(),
    throttled(),
    htmlBadGateway(),
    businessErrorUnder200({ code: 404 }),
    gatewayError('InternalError'),
  ])('cannot be checked, and no rollback is sent, where the read meets: $name', async (fault) => {
    const { findings, edas } = await checkWith('GetChangeOrderInfo', fault);
    expect(findings.map(({ verdict }) => verdict)).toEqual(['unknown', 'skipped']);
    expect(operationsOf(edas)).toEqual(['GetChangeOrderInfo']);
  });

  test('are not asked for where EDAS shows an order under this id', async () => {
    const edas = await start();
    edas.orders.add({
      id: impossibleOrder,
      appId: '3616cdca-0000-4000-8000-0000000000aa',
      waitsForPerson: true,
    });
    expect(await check(edas.url)).toMatchObject([{ verdict: 'right' }, { verdict: 'unknown' }]);
    expect(edas.orders.rollbacksOf(impossibleOrder)).toBe(0);
    expect(operationsOf(edas)).toEqual(['GetChangeOrderInfo']);
  });

  test.each([throttled(), htmlBadGateway()])(
    'to roll back cannot be checked where it meets: $name',
    async (fault) => {
      const { findings } = await checkWith('RollbackChangeOrder', fault);
      expect(findings.map(({ verdict }) => verdict)).toEqual(['right', 'unknown']);
    },
  );

  test('cannot be checked where EDAS is not there', async () => {
    const edas = await start();
    await edas.close();
    expect(await check(edas.url)).toMatchObject([
      { verdict: 'unknown', what: expect.stringContaining('ECONNREFUSED') as unknown },
      { verdict: 'skipped' },
    ]);
  });
});
