import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Makes Node.js accept the stand-in's certificate, which no authority signed. It still reads its authorities at the first
 * connection and still checks the certificate, and then ignores the result. The second variable keeps it from printing a
 * warning. `NODE_EXTRA_CA_CERTS` would make every process read the authorities when it starts.
 */
export const acceptAnyCertificate = { NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_NO_WARNINGS: '1' };

/** @returns a file with a certificate of this machine and its key, or undefined without openssl */
export function makeCertificate(folder: string): string | undefined {
  const [certificate, key] = [path.join(folder, 'certificate.pem'), path.join(folder, 'key.pem')];
  const kind = ['-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=bench'];
  const out = ['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', certificate];
  try {
    execFileSync('openssl', ['req', '-x509', ...kind, ...out], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  appendFileSync(certificate, readFileSync(key));
  return certificate;
}
