import { script, scriptHash, style, styleHash } from './assets.ts';
import { builtMarkup, html, type Markup } from './html.ts';
import type { Texts } from './texts.ts';

/** Seconds between two looks of a page on which something moves. */
export const movingEvery = 5;
/** Seconds between two looks of a page on which a person is to decide. */
export const openEvery = 15;

/** A whole page. */
export interface Page {
  texts: Texts;
  title: Markup;
  main: Markup;
  /** Seconds after which a browser that runs scripts looks again. Undefined where nothing changes any more. */
  every?: number | undefined;
}

/** The document around what a page says. */
export function documentOf({ texts, title, main, every }: Page): string {
  const refresh =
    every === movingEvery
      ? html`<noscript><meta http-equiv="refresh" content="${movingEvery}" /></noscript>`
      : undefined;
  const looks = every === undefined ? undefined : html` data-every="${every}"`;
  return html`<!doctype html>
<html lang="${texts.tag}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
${refresh}
<style>${builtMarkup(style)}</style>
</head>
<body data-offline="${texts.offline}" data-changed="${texts.changed}" data-sending="${texts.sending}">
<p id="said" role="status"></p>
<p id="link" class="notice" role="status"></p>
<p id="news" class="notice" role="alert"></p>
<main${looks}>
${main}
</main>
<script>${builtMarkup(script)}</script>
</body>
</html>
`.text;
}

/**
 * The headers of every page. Nothing is loaded, nothing else runs, nothing is kept, and no other site may show or see it:
 * the address is a secret.
 * https://cheatsheetseries.owasp.org/cheatsheets/HTTP_Headers_Cheat_Sheet.html
 */
export function headersOfPage(): Record<string, string> {
  return {
    'Content-Type': 'text/html; charset=utf-8',
    'Cache-Control': 'no-store',
    'Content-Security-Policy': [
      `default-src 'none'`,
      `script-src '${scriptHash}'`,
      `style-src '${styleHash}'`,
      `connect-src 'self'`,
      `form-action 'self'`,
      `frame-ancestors 'none'`,
      `base-uri 'none'`,
    ].join('; '),
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'X-Robots-Tag': 'noindex',
    'X-Frame-Options': 'DENY',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
  };
}
