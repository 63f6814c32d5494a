import * as edas from '../../stand-ins/edas/faults.ts';
import * as fc from '../../stand-ins/fc/faults.ts';
import type { Effect } from '../../stand-ins/faults.ts';
import * as kms from '../../stand-ins/kms/faults.ts';
import type { ServiceName, ServiceView } from './view.ts';

/** A fault that a person can switch on. */
interface FaultChoice<Fault> {
  id: string;
  /** What goes wrong, for a person. */
  title: string;
  fault: Fault;
}

interface Named {
  readonly name: string;
}

type Choices<Fault extends Named> = readonly [title: string, fault: Fault][];

function once<Fault extends Named>(title: string, fault: Fault): Choices<Fault> {
  return [[title, fault]];
}

/** A fault that hides whether the service has done what it was asked. */
function both<Fault extends Named>(title: string, make: (effect: Effect) => Fault): Choices<Fault> {
  return [
    [`${title}; nothing is done`, make({ takesEffect: false })],
    [`${title}; but it is done`, make({ takesEffect: true })],
  ];
}

/** By the function that makes them. The compiler wants every one of them here, but those that a person cannot fill in. */
const edasFaults: Record<Exclude<keyof typeof edas, 'anyAnswer'>, Choices<edas.Fault>> = {
  silent: both('No answer ever comes', edas.silent),
  delayed: once('The answer comes 3 s late', edas.delayed({ byMs: 3000 })),
  slowByteByByte: once('The answer comes byte by byte', edas.slowByteByByte()),
  resetBeforeHandling: once('The connection is reset; nothing is done', edas.resetBeforeHandling()),
  resetAfterHandling: once('The connection is reset; but it is done', edas.resetAfterHandling()),
  cutInHalf: once('The answer breaks off in the middle', edas.cutInHalf()),
  htmlBadGateway: both("A load balancer's page under 502", edas.htmlBadGateway),
  serviceUnavailable: both('503 ServiceUnavailable', edas.serviceUnavailable),
  throttled: both('400 Throttling.User: too many calls', edas.throttled),
  deniedByRam: once('403: the RAM policy does not allow the call', edas.deniedByRam()),
  signatureMismatch: once('The signature is refused, and the token repeated', edas.signatureMismatch()),
  businessErrorUnder200: [
    ['200 around Code 601: cannot be rolled back', edas.businessErrorUnder200()],
    ['200 around Code 401: no permission', edas.businessErrorUnder200({ code: 401 })],
    ['200 around Throttling', edas.businessErrorUnder200({ code: 'Throttling' })],
  ],
  errorCodeBeside200: both('200 and an ErrorCode beside it', edas.errorCodeBeside200),
  codeMissing: both('200 without a Code', edas.codeMissing),
  emptyBody: both('200 without a body', edas.emptyBody),
  edasErrorcodeUnder500: both("500 with one of EDAS's own errors", edas.edasErrorcodeUnder500),
  gatewayError: [
    ['500 InternalError', edas.gatewayError('InternalError')],
    ['400 InvalidSecurityToken.Expired', edas.gatewayError('InvalidSecurityToken.Expired')],
    ['400 System.Upgrading', edas.gatewayError('System.Upgrading')],
  ],
  truncatedJson: once('Half of the JSON', edas.truncatedJson()),
  jsonNull: both('500 and the JSON text null', (effect) => edas.jsonNull(effect)),
  oversized: once('9 MB of answer', edas.oversized()),
  wrongContentType: once('The true answer, called text/plain', edas.wrongContentType()),
  xmlAnswer: both('A success in XML', edas.xmlAnswer),
  xmlError: once('503 in XML', edas.xmlError()),
  redirect: once('A redirection to elsewhere', edas.redirect()),
  switchingProtocols: both('101: another protocol, and then nothing', edas.switchingProtocols),
};

const fcFaults: Record<keyof typeof fc, Choices<fc.Fault>> = {
  silent: both('No answer ever comes', fc.silent),
  delayed: once('The answer comes 3 s late', fc.delayed({ byMs: 3000 })),
  trickling: both('The answer trickles, and never ends', fc.trickling),
  reset: both('The connection is reset', fc.reset),
  closed: both('The connection is closed without an answer', fc.closed),
  denied: once('403: the policy does not allow the operation', fc.denied()),
  notFound: once('404: there is no such function', fc.notFound()),
  throttled: once('429: too many calls', fc.throttled()),
  internalError: both('500 InternalServerError', fc.internalError),
  alreadyExists: once('A task of this id is there, although there is none', fc.alreadyExists()),
  htmlPage: both('A page under 502', fc.htmlPage),
  oversized: both('10 MB of answer', fc.oversized),
  switchingProtocols: both('101: another protocol, and then nothing', fc.switchingProtocols),
};

const kmsFaults: Record<Exclude<keyof typeof kms, 'refusal'>, Choices<kms.Fault>> = {
  silent: once('No answer ever comes', kms.silent()),
  reset: once('The connection is reset', kms.reset()),
  throttled: once('429: too many calls', kms.throttled()),
  forbidden: once('403: the role may not read the secret', kms.forbidden()),
  inDebt: once('400: the account owes money', kms.inDebt()),
  serviceUnavailable: once('503 ServiceUnavailableTemporary', kms.serviceUnavailable()),
  internalFailure: once('500 InternalFailure', kms.internalFailure()),
  signatureMismatch: once('The signature is refused, and the token repeated', kms.signatureMismatch()),
  htmlBadGateway: once("A load balancer's page under 502", kms.htmlBadGateway()),
  emptyBody: once('200 without a body', kms.emptyBody()),
  jsonNull: once('The JSON text null', kms.jsonNull()),
  secretAsText: once('The secret alone, which is no JSON', kms.secretAsText()),
  truncatedJson: once('Half of the JSON', kms.truncatedJson()),
  oversized: once('1 MB of answer', kms.oversized()),
  saidToBeCompressed: once('The true answer, said to be compressed', kms.saidToBeCompressed()),
};

/** Ids from the names of the faults: one that makes several has a number behind it from the second on. */
function menuOf<Fault extends Named>(faults: Record<string, Choices<Fault>>): FaultChoice<Fault>[] {
  return Object.entries(faults).flatMap(([name, choices]) =>
    choices.map(([title, fault], index) => ({
      id: index === 0 ? name : `${name}-${index + 1}`,
      title,
      fault,
    })),
  );
}

/** All that can go wrong, by service. */
export const faultMenu = {
  edas: menuOf<edas.Fault>(edasFaults),
  fc: menuOf<fc.Fault>(fcFaults),
  kms: menuOf<kms.Fault>(kmsFaults),
} as const;

const titles: Record<ServiceName, string> = {
  edas: 'EDAS',
  fc: 'Function Compute (the queue of tasks)',
  kms: 'KMS (secrets)',
};

/** The menu as the page shows it. */
export function servicesWith(names: readonly ServiceName[]): ServiceView[] {
  return names.map((name) => ({
    name,
    title: titles[name],
    faults: faultMenu[name].map(({ id, title }) => ({ id, title })),
  }));
}
