/**
 * The origin in a setting that names the address of an API, or what is wrong with it. Plain http is taken for loopback
 * addresses only, since every call carries a security token.
 *
 * @param address a host name or an origin
 */
export function readOrigin(address: string): { origin: string } | { fault: string } {
  const full = address.includes('://') ? address : `https://${address}`;
  const url = URL.canParse(full) ? new URL(full) : undefined;
  if (url?.href !== `${url?.origin}/`) return { fault: 'must be a host name or an origin' };
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) {
    return { origin: url.origin };
  }
  return { fault: 'must be https; plain http is for loopback addresses only' };
}

/** Whether a host name is this machine's own. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}
