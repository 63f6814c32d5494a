// The least server that verifies a signature.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const secret = process.env.SECRET_PIPELINE;

createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks);
    const expected = createHmac('sha256', secret).update(body).digest();
    const given = Buffer.from(String(request.headers['x-signature-256']).slice('sha256='.length), 'hex');
    const isSigned = given.length === expected.length && timingSafeEqual(given, expected);
    const answer = isSigned
      ? { changeOrderId: JSON.parse(body).changeOrderId }
      : { code: 'signature_mismatch' };
    response.writeHead(isSigned ? 202 : 401, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(answer));
  });
}).listen(Number(process.env.PORT), '127.0.0.1');
