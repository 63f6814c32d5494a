import type { EdasStandIn } from '../../stand-ins/edas/stand-in.ts';
import type { FcStandIn } from '../../stand-ins/fc/stand-in.ts';
import type { KmsStandIn } from '../../stand-ins/kms/stand-in.ts';
import { isRead } from '../listener.ts';
import { faultMenu } from './fault-menu.ts';
import { serviceNames, type FaultScope, type FaultsView, type ServiceName } from './view.ts';

export interface StandIns {
  edas: Pick<EdasStandIn, 'setFault'>;
  fc: Pick<FcStandIn, 'setFault'>;
  kms: Pick<KmsStandIn, 'setFault'>;
}

/** The faults of the stand-ins, which a person switches on and off. */
export interface FaultSwitch {
  /** @returns whether there is such a fault; without an id, the service is well again */
  set: (service: ServiceName, id: string | undefined, scope: FaultScope) => boolean;
  allWell: () => void;
  view: () => FaultsView;
}

export function createFaultSwitch({ edas, fc, kms }: StandIns): FaultSwitch {
  const on: FaultsView = {};
  const setters: Record<ServiceName, (id: string | undefined, scope: FaultScope) => void> = {
    edas: (id, scope) => {
      const fault = faultMenu.edas.find((each) => each.id === id)?.fault;
      edas.setFault(fault && ((call) => (isMet(scope, isRead(call)) ? fault : undefined)));
    },
    fc: (id, scope) => {
      const fault = faultMenu.fc.find((each) => each.id === id)?.fault;
      fc.setFault(
        fault && (({ operation }) => (isMet(scope, operation === 'GetAsyncTask') ? fault : undefined)),
      );
    },
    kms: (id, scope) => {
      const fault = faultMenu.kms.find((each) => each.id === id)?.fault;
      kms.setFault(fault && (() => (isMet(scope, true) ? fault : undefined)));
    },
  };
  const set = (service: ServiceName, id: string | undefined, scope: FaultScope): boolean => {
    const choice = faultMenu[service].find((each) => each.id === id);
    if (id !== undefined && !choice) return false;
    setters[service](id, scope);
    if (choice) on[service] = { id: choice.id, title: choice.title, scope };
    else Reflect.deleteProperty(on, service);
    return true;
  };
  return {
    set,
    allWell: () => {
      for (const service of serviceNames) set(service, undefined, 'every call');
    },
    view: () => ({ ...on }),
  };
}

function isMet(scope: FaultScope, isRead: boolean): boolean {
  return scope === 'every call' || (scope === 'reads') === isRead;
}
