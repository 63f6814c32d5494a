import { faultScopes, type FaultsView, type ServiceName, type ServiceView } from '../view.ts';
import { ask } from './ask.ts';
import { fillSelect, find, make, say } from './dom.ts';

interface Controls {
  fault: HTMLSelectElement;
  scope: HTMLSelectElement;
}

/** The switches for what goes wrong in the stand-ins. */
export function showFaults(): {
  know: (services: readonly ServiceView[]) => void;
  show: (faults: FaultsView) => void;
} {
  const controls = new Map<ServiceName, Controls>();
  const said = find('faults-said', HTMLParagraphElement);
  const health = find('health', HTMLSpanElement);
  const sayRefused = (result: Awaited<ReturnType<typeof ask>>) => {
    say(said, 'refused' in result ? result.refused : '', 'bad');
  };
  const change = async (service: ServiceName) => {
    const { fault, scope } = controls.get(service) ?? {};
    const id = fault?.value === '' ? null : fault?.value;
    sayRefused(await ask('fault', { service, id, scope: scope?.value }));
  };
  find('all-well', HTMLButtonElement).addEventListener('click', () => {
    void ask('all-well').then(sayRefused);
  });
  return {
    know: (services) => {
      controls.clear();
      const parts = services.map((service) => {
        const made = makeControls(service);
        controls.set(service.name, made);
        for (const select of [made.fault, made.scope]) {
          select.addEventListener('change', () => void change(service.name));
        }
        return made.root;
      });
      find('services', HTMLDivElement).replaceChildren(...parts);
    },
    show: (faults) => {
      for (const [service, { fault, scope }] of controls) {
        const on = faults[service];
        fault.value = on?.id ?? '';
        fault.dataset['tone'] = on ? 'bad' : 'quiet';
        if (on) scope.value = on.scope;
      }
      const count = Object.keys(faults).length;
      say(health, count === 0 ? 'no faults' : count === 1 ? '1 fault on' : `${count} faults on`);
      health.className = `badge ${count === 0 ? 'quiet' : 'bad'}`;
    },
  };
}

function makeControls({ name, title, faults }: ServiceView): Controls & { root: HTMLElement } {
  const fault = make('select', { with: { id: `fault-${name}` } });
  fillSelect(fault, [
    { value: '', text: 'all well' },
    ...faults.map(({ id, title: text }) => ({ value: id, text })),
  ]);
  const scope = make('select', { with: { 'aria-label': `Which calls of ${title} meet the fault` } });
  fillSelect(
    scope,
    faultScopes.map((each) => ({ value: each, text: each })),
  );
  const label = make('label', { text: title, with: { for: `fault-${name}` } });
  return { fault, scope, root: make('div', { class: 'service' }, label, fault, scope) };
}
