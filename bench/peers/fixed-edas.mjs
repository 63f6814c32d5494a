// An EDAS that always says the same, as fast as Node.js can: what the function costs is measured, and not the stand-in that
// checks everything. Over TLS where it gets a file with a certificate and its key.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';

const order = { Status: 8, SupportRollback: true, PipelineInfoList: { PipelineInfo: [] } };
const known = { Code: 200, Message: 'success', RequestId: 'fixed-request-id', changeOrderInfo: order };
const accepted = {
  ...{ Code: 200, Message: 'success', RequestId: 'fixed-request-id', TraceId: 'fixed-trace-id' },
  Data: { ChangeOrderId: '9f410c84-cf3f-416a-bcef-90f8ce827b5d' },
};

function answer(request, response) {
  request.resume();
  response.writeHead(200, { 'Content-Type': 'application/json;charset=utf-8' });
  response.end(JSON.stringify(request.method === 'PUT' ? accepted : known));
}

const [, , certificate] = process.argv;
const pem = certificate && readFileSync(certificate);
const server = pem ? https.createServer({ key: pem, cert: pem }, answer) : http.createServer(answer);
server.listen(Number(process.env.PORT), '127.0.0.1');
