import { columnsOf, cutToColumns, styles, type Run, type Style } from './styled-lines.ts';

interface Picture {
  /** What a screen reader says first. */
  title: string;
  /** What happens in it, for whoever does not see it. */
  description: string;
  lines: readonly (readonly Run[])[];
}

/** As wide as most lines are: what is longer is JSON, whose beginning tells the most. */
const columns = 116;
const fontSize = 14;
/** Of most monospaced fonts 0.6 of their size; each run has its own place, so another font only leaves gaps. */
const columnWidth = 8.4;
const lineHeight = 19;
const margin = 20;

// Legible on the picture's own background, which is dark; the frame sets it off from a page that is dark, too.
const colours: Record<Style, string> = {
  plain: 'fill: #e6edf3',
  bold: 'fill: #ffffff; font-weight: bold',
  dim: 'fill: #9198a1',
  red: 'fill: #ff7b72',
  green: 'fill: #56d364',
  magenta: 'fill: #d2a8ff',
  cyan: 'fill: #79c0ff',
};

/** Draws lines as a terminal shows them. The file needs no other one, and no script. */
export function drawTerminal({ title, description, lines }: Picture): string {
  const width = Math.ceil(columns * columnWidth) + 2 * margin;
  const height = lines.length * lineHeight + 2 * margin;
  const css = styles.map((style) => `    .${style} { ${colours[style]} }`);
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title description" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
  <title id="title">${escape(title)}</title>
  <desc id="description">${escape(description)}</desc>
  <style>
    text { font: ${fontSize}px ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', 'DejaVu Sans Mono', monospace; white-space: pre }
${css.join('\n')}
  </style>
  <rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" fill="#0d1117" stroke="#6e7681"/>
${lines.map(drawLine).join('\n')}
</svg>
`;
}

function drawLine(runs: readonly Run[], index: number): string {
  const y = margin + index * lineHeight + fontSize;
  let column = 0;
  const spans = cutToColumns(runs, columns).map(({ style, text }) => {
    const x = (margin + column * columnWidth).toFixed(1);
    column += columnsOf(text);
    return `<tspan x="${x}" class="${style}">${escape(text)}</tspan>`;
  });
  return `  <text y="${y}" xml:space="preserve">${spans.join('')}</text>`;
}

/** The lines of a picture that was drawn here. */
export function readPicture(svg: string): Run[][] {
  return Array.from(svg.matchAll(/^ {2}<text [^>]*>(.*)<\/text>$/gm), ([, spans = '']) =>
    Array.from(spans.matchAll(/<tspan [^>]*class="([a-z]+)">([^<]*)<\/tspan>/g), ([, style, text = '']) => ({
      style: style as Style,
      text: unescape(text),
    })),
  );
}

/** All of a picture but its lines and what follows from their number. */
export function frameOf(svg: string): string {
  return svg
    .replaceAll(/^ {2}<text .*\n/gm, '')
    .replaceAll(/(?<=viewBox="0 0 \d+ )\d+|(?<= height=")\d+/g, '');
}

const entities = [
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
] as const;

function escape(text: string): string {
  return entities.reduce((done, [character, entity]) => done.replaceAll(character, entity), text);
}

function unescape(text: string): string {
  return entities.reduceRight((done, [character, entity]) => done.replaceAll(entity, character), text);
}
