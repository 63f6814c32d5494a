/** The one place at which elements are made. Text becomes text: nothing here takes markup, and the policy of the page forbids it. */

interface Looks {
  class?: string;
  text?: string;
  /** Other attributes. */
  with?: Record<string, string>;
}

export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  { class: name, text, with: attributes = {} }: Looks = {},
  ...children: (Node | undefined)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  if (name !== undefined) element.className = name;
  if (text !== undefined) element.textContent = text;
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

/** An element of page.html. */
export function find<Type extends HTMLElement>(id: string, type: new () => Type): Type {
  const element = document.getElementById(id);
  if (element instanceof type) return element;
  throw new Error(`page.html has no ${type.name} ${id}`);
}

/** Writes a text only where it is another one: a screen reader says it again each time. */
export function say(element: HTMLElement, text: string, tone?: string): void {
  if (element.textContent !== text) element.textContent = text;
  if (tone !== undefined) element.dataset['tone'] = tone;
}

/** Fills a select, and keeps what is chosen where it is still there. */
export function fillSelect(
  select: HTMLSelectElement,
  options: readonly { value: string; text: string }[],
): void {
  const chosen = select.value;
  select.replaceChildren(...options.map(({ value, text }) => make('option', { text, with: { value } })));
  if (options.some(({ value }) => value === chosen)) select.value = chosen;
}

/** The children of an element by key, made once and changed in place, so that focus and selection stay. */
export class Keyed<Value, Part extends { root: HTMLElement }> {
  readonly #parts = new Map<string, Part>();
  readonly #parent: HTMLElement;
  readonly #make: (key: string) => Part;
  readonly #change: (part: Part, value: Value) => void;

  constructor(
    parent: HTMLElement,
    makePart: (key: string) => Part,
    change: (part: Part, value: Value) => void,
  ) {
    this.#parent = parent;
    this.#make = makePart;
    this.#change = change;
  }

  /** Shows these, in this order, and no others. */
  show(values: readonly (readonly [key: string, value: Value])[]): void {
    const keys = new Set(values.map(([key]) => key));
    for (const key of this.#parts.keys()) if (!keys.has(key)) this.remove(key);
    values.forEach(([key, value], index) => {
      const { root } = this.#changed(key, value);
      const there = this.#parent.children[index];
      if (there !== root) this.#parent.insertBefore(root, there ?? null);
    });
  }

  /** Shows one, before the others where it is new. */
  put(key: string, value: Value): Part {
    const isNew = !this.#parts.has(key);
    const part = this.#changed(key, value);
    if (isNew) this.#parent.prepend(part.root);
    return part;
  }

  #changed(key: string, value: Value): Part {
    const part = this.#parts.get(key) ?? this.#make(key);
    this.#parts.set(key, part);
    this.#change(part, value);
    return part;
  }

  get(key: string): Part | undefined {
    return this.#parts.get(key);
  }

  remove(key: string): void {
    this.#parts.get(key)?.root.remove();
    this.#parts.delete(key);
  }

  clear(): void {
    for (const key of [...this.#parts.keys()]) this.remove(key);
  }
}
