import type { IncomingMessage } from 'node:http';

/** A request that is answered with a status and a sentence, whatever it asks for. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * Why a request is not heard at all; undefined where it is. A web page in the browser of the person who runs the sandbox
 * reaches loopback, too:
 *
 * - from its own origin, which the browser names in `Origin` or `Sec-Fetch-Site`:
 *   https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
 * - by a name of its own that it has made to mean 127.0.0.1 (DNS rebinding), which stands in `Host`.
 *
 * Programs such as curl and the SDKs send a right `Host`, and neither of the other two.
 *
 * @param hosts every name that the listener goes by, with its port and without it
 * @param isPage whether a path is that of a page, which a link anywhere may open, as it may open one on the internet
 */
export function findRefusal(
  { method, url = '', headers, headersDistinct }: IncomingMessage,
  hosts: ReadonlySet<string>,
  isPage: (path: string) => boolean,
): Refusal | undefined {
  const [host = '', ...others] = headersDistinct['host'] ?? [];
  if (others.length > 0 || !hosts.has(host.toLowerCase())) return strangeHost(hosts);
  const isOpened = method === 'GET' && isPage(url) && isNavigation(headers);
  if (!isOpened && isFromWebPage(headers, host.toLowerCase())) return fromWebPage;
  // `*` and absolute addresses, which are for servers as a whole and for proxies: RFC 9112, section 3.2.
  return url.startsWith('/') ? undefined : noPath;
}

/** A person follows a link, to a page in a window of its own. https://www.w3.org/TR/fetch-metadata/#framework */
function isNavigation({ origin, ...headers }: IncomingMessage['headers']): boolean {
  const [mode, destination] = [headers['sec-fetch-mode'], headers['sec-fetch-dest']];
  return origin === undefined && mode === 'navigate' && destination === 'document';
}

/**
 * A page of the listener's own passes, and an address that a person types. A form of a page with `no-referrer` is sent with
 * `Origin: null`: then only `Sec-Fetch-Site`, which no page can set, says whose it is.
 * https://fetch.spec.whatwg.org/#append-a-request-origin-header
 */
function isFromWebPage({ origin, ...headers }: IncomingMessage['headers'], host: string): boolean {
  const site = headers['sec-fetch-site'] ?? 'none';
  const isOwn =
    origin === undefined || origin === `http://${host}` || (origin === 'null' && site === 'same-origin');
  return !isOwn || !['none', 'same-origin'].includes(site);
}

function strangeHost(hosts: ReadonlySet<string>): Refusal {
  return new Refusal(
    403,
    `The header Host must be one of ${[...hosts].join(', ')}. A tunnel in front has to rewrite it.`,
  );
}

const fromWebPage = new Refusal(
  403,
  'The request comes from a web page (Origin, Sec-Fetch-Site), and no web page may call this. Call it with curl, or type its address.',
);

const noPath = new Refusal(400, 'The request line must name a path that begins with /.');
