import { parse } from 'yaml';

type Fields = Record<string, unknown>;

/** A template of Alibaba Cloud's Resource Orchestration Service, as far as ours uses it. */
interface Template {
  Parameters: Record<string, { Type: string; Default?: string; AllowedPattern: string }>;
  Conditions: Fields;
  Resources: Record<string, { Type: string; Condition?: string; Properties: Fields }>;
  Outputs: Record<string, { Value: unknown }>;
}

/** A resource that a stack has, with its functions carried out. */
export interface StackResource {
  type: string;
  properties: Fields;
}

export function readRosTemplate(text: string): Template {
  return parse(text) as Template;
}

/**
 * The resources that a stack of the template would have, by their names in it.
 *
 * https://www.alibabacloud.com/help/en/ros/user-guide/function-index
 * @param parameters what the user gives; the rest has its default
 * @param account `ALIYUN::TenantId`, the id of the Alibaba Cloud account
 * @throws Error on a parameter that the template does not have, needs or allows, and on a function that is not known here
 */
export function createStack(
  template: Template,
  parameters: Record<string, string>,
  account: string,
): Record<string, StackResource> {
  const values = { ...parameterValues(template, parameters), 'ALIYUN::TenantId': account };
  const evaluate = evaluator(template, values);
  const created = Object.entries(template.Resources).filter(
    ([, { Condition }]) =>
      Condition === undefined || evaluate(named(template.Conditions, Condition)) === true,
  );
  return Object.fromEntries(
    created.map(([name, { Type, Properties }]) => [
      name,
      { type: Type, properties: evaluate(Properties) as Fields },
    ]),
  );
}

function parameterValues(template: Template, given: Record<string, string>): Record<string, string> {
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(template.Parameters, name));
  if (unknown.length > 0) throw new Error(`no such parameter: ${unknown.join(', ')}`);
  return Object.fromEntries(
    Object.entries(template.Parameters).map(([name, { Default, AllowedPattern }]) => {
      const value = given[name] ?? Default;
      if (value === undefined) throw new Error(`${name} is needed`);
      if (!new RegExp(AllowedPattern).test(value)) throw new Error(`${name} may not be ${value}`);
      return [name, value];
    }),
  );
}

function evaluator(template: Template, values: Record<string, string>): (node: unknown) => unknown {
  const functions: Record<string, (argument: unknown) => unknown> = {
    Ref: (name) => named(values, String(name)),
    'Fn::Sub': (text) => String(text).replace(/\$\{([^}]+)\}/g, (_all, name: string) => named(values, name)),
    'Fn::GetAtt': (path) => {
      const [resource, attribute] = path as [string, string];
      return evaluate(named(named(template.Resources, resource).Properties, attribute));
    },
    'Fn::Join': (argument) => {
      const [delimiter, items] = argument as [string, string[]];
      return items.join(delimiter);
    },
    'Fn::Split': (argument) => {
      const [delimiter, text] = argument as [string, string];
      return text.split(delimiter);
    },
    'Fn::Replace': (argument) => {
      const [replacements, text] = argument as [Record<string, string>, string];
      return Object.entries(replacements).reduce((sum, [old, next]) => sum.replaceAll(old, next), text);
    },
    'Fn::ListMerge': (argument) => (argument as unknown[][]).flat(),
    'Fn::If': (argument) => {
      const [condition, one, other] = argument as [string, unknown, unknown];
      return evaluate(named(template.Conditions, condition)) === true ? one : other;
    },
    'Fn::Equals': (argument) => {
      const [one, other] = argument as [unknown, unknown];
      return one === other;
    },
    'Fn::Not': (argument) => !(argument as [boolean])[0],
    'Fn::And': (argument) => (argument as boolean[]).every((each) => each),
  };
  function evaluate(node: unknown): unknown {
    if (Array.isArray(node)) return node.map(evaluate);
    if (typeof node !== 'object' || node === null) return node;
    const entries = Object.entries(node as Fields);
    const [[name, argument] = ['', undefined]] = entries;
    if (entries.length === 1 && /^(Ref|Fn::.*)$/.test(name)) {
      const carryOut = named(functions, name);
      return carryOut(evaluate(argument));
    }
    return Object.fromEntries(entries.map(([key, value]) => [key, evaluate(value)]));
  }
  return evaluate;
}

function named<T>(all: Record<string, T>, name: string): T {
  const value = all[name];
  if (value === undefined) throw new Error(`not known here: ${name}`);
  return value;
}
