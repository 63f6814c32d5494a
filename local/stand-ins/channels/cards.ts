import { isRecord, toRecord, toText } from '../../../functions/lib/json.ts';

/** A message with a button, as people see it. */
export interface SeenCard {
  /** What they read, and last the words of the button with where it leads. */
  text: string;
  link: string;
}

/** Why a chat takes no such card, in its own words as far as they are known. */
export interface CardFault {
  fault: string;
}

type Fields = Record<string, unknown>;

/**
 * DingTalk's ActionCard with one button: all four fields are required, and the text is Markdown.
 * https://open.dingtalk.com/document/orgapp/robot-message-type
 */
export function readActionCard(body: Fields): SeenCard | CardFault {
  const card = toRecord(body['actionCard']);
  const missing = ['title', 'text', 'singleTitle', 'singleURL'].find((name) => !isGiven(card[name]));
  if (missing !== undefined) return { fault: `缺少参数 ${missing}` };
  const link = pageIn(text(card['singleURL']));
  if (link === undefined) return { fault: '不合法的 singleURL' };
  return { text: linesOf(text(card['text']).replaceAll('  \n  ', '\n')), link };
}

/** Where `dingtalk://…/page/link` leads. https://open.dingtalk.com/document/orgapp/message-link-description */
function pageIn(address: string): string | undefined {
  if (isWebAddress(address)) return address;
  if (!address.startsWith('dingtalk://dingtalkclient/page/link?')) return undefined;
  const { searchParams } = new URL(address);
  const url = searchParams.get('url') ?? '';
  return isWebAddress(url) && searchParams.get('pc_slide') === 'false' ? url : undefined;
}

/**
 * Feishu's card JSON 1.0. A custom bot takes no button that reports to an application.
 * https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-structure
 */
export function readFeishuCard(body: Fields): SeenCard | CardFault {
  const { card } = body;
  if (!isRecord(card)) return { fault: 'params error, unknown card value' };
  const elements = recordsIn(card['elements']);
  const title = plainText(toRecord(card['header'])['title']);
  const parts = elements.map(readFeishuElement);
  const [buttons, lines] = [
    parts.flatMap(({ button }) => button ?? []),
    parts.flatMap(({ line }) => line ?? []),
  ];
  const [button] = buttons;
  const isWhole = title !== undefined && lines.length + buttons.length === elements.length;
  if (!button || !isWhole)
    return { fault: 'parse card json err, please check whether the card json is correct' };
  const shown = lines.filter((line) => !line.includes(button.link));
  return { text: [title, ...shown, `${button.label}: ${button.link}`].join('\n'), link: button.link };
}

interface FeishuElement {
  line?: string | undefined;
  button?: { label: string; link: string };
}

function readFeishuElement(element: Fields): FeishuElement {
  if (element['tag'] === 'div') {
    const { tag, content } = toRecord(element['text']);
    const isText = (tag === 'plain_text' || tag === 'lark_md') && isGiven(content);
    return isText ? { line: text(content) } : {};
  }
  const [button, ...others] = element['tag'] === 'action' ? recordsIn(element['actions']) : [];
  const label = plainText(button?.['text']);
  const link = text(button?.['url']);
  const isButton = button?.['tag'] === 'button' && others.length === 0 && button['value'] === undefined;
  return isButton && label !== undefined && label.length <= 100 && isWebAddress(link)
    ? { button: { label, link } }
    : {};
}

function plainText(value: unknown): string | undefined {
  const { tag, content } = toRecord(value);
  return tag === 'plain_text' && isGiven(content) ? text(content) : undefined;
}

/** https://developer.work.weixin.qq.com/document/path/91770 */
export function readWeComMarkdown(body: Fields): SeenCard | CardFault {
  const { content } = toRecord(body['markdown']);
  if (!isGiven(content)) return { fault: 'content is empty' };
  const markdown = text(content);
  if (Buffer.byteLength(markdown) > 4096) return { fault: 'markdown.content exceed max length 4096' };
  const link = /\]\((https?:[^)\s]+)\)/.exec(markdown)?.[1] ?? '';
  return { text: linesOf(markdown), link };
}

/**
 * Slack's blocks, as far as they are used here, with their limits.
 * https://docs.slack.dev/reference/block-kit/blocks/section-block
 * https://docs.slack.dev/reference/block-kit/block-elements/button-element
 */
export function readSlackBlocks(body: Fields): SeenCard | CardFault {
  const blocks = recordsIn(body['blocks']);
  const sections = blocks.filter(({ type }) => type === 'section').map((block) => toRecord(block['text']));
  const [button, ...others] = blocks
    .filter(({ type }) => type === 'actions')
    .flatMap(({ elements }) => recordsIn(elements));
  const label = toRecord(button?.['text']);
  const link = text(button?.['url']);
  const areWhole =
    sections.length + 1 === blocks.length &&
    sections.every((section) => isSlackText(section, 3000, ['plain_text', 'mrkdwn'])) &&
    button?.['type'] === 'button' &&
    others.length === 0 &&
    isSlackText(label, 75, ['plain_text']) &&
    isWebAddress(link) &&
    link.length <= 3000;
  if (!areWhole) return { fault: 'invalid_blocks' };
  const [message] = sections;
  return { text: `${text(message?.['text'])}\n${text(label['text'])}: ${link}`, link };
}

function isSlackText(field: Fields, longest: number, types: readonly string[]): boolean {
  const written = field['text'];
  return types.includes(text(field['type'])) && isGiven(written) && text(written).length <= longest;
}

/** Lines as a client shows them: a link that has other words than its address, with both. */
function linesOf(markdown: string): string {
  return markdown.replaceAll(/\[([^\]]*)\]\((https?:[^)\s]+)\)/g, '$1: $2');
}

function recordsIn(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map(toRecord) : [];
}

function isGiven(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function text(value: unknown): string {
  return toText(value) ?? '';
}

function isWebAddress(address: string): boolean {
  return /^https?:\/\//.test(address) && URL.canParse(address);
}
