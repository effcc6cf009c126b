/** The smallest node:http server that exchanges: one process, one route, no framework. */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { joinParent, listening, readTask } from '../processes/parent-link.js';
import { FloorExchange, floorLifetimeSeconds } from './floor.exchange.js';
import type { FloorTask } from './floor.task.js';

const task = readTask() as FloorTask;
const floor = new FloorExchange(task);
const server = createServer({ keepAliveTimeout: 60_000 }, receive);
server.listen(0, '127.0.0.1', () => {
  joinParent({ port: listening(server.address()), publishedJwk: floor.publishedJwk }, () => server.close());
});

function receive(request: IncomingMessage, response: ServerResponse): void {
  let body = '';
  request.setEncoding('latin1');
  request.on('data', (chunk: string) => {
    body += chunk;
  });
  request.on('end', () => {
    answer(response, body);
  });
}

function answer(response: ServerResponse, body: string): void {
  const token = floor.exchange(formValue(body, 'subject_token'));
  if (token === undefined) {
    send(response, 400, '{"error":"invalid_request"}');
    return;
  }
  send(
    response,
    200,
    `{"access_token":"${token}","issued_token_type":"urn:ietf:params:oauth:token-type:access_token","token_type":"Bearer","expires_in":${floorLifetimeSeconds}}`,
  );
}

function send(response: ServerResponse, status: number, json: string): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', 'content-length': json.length });
  response.end(json);
}

/** One value of a form, found by scanning: a parse of the whole form costs more than the floor needs. */
function formValue(form: string, name: string): string {
  const marker = `&${name}=`;
  const at = form.startsWith(marker.slice(1)) ? -1 : form.indexOf(marker);
  if (at === -1 && !form.startsWith(marker.slice(1))) return '';
  const start = at + marker.length;
  const end = form.indexOf('&', start);
  const value = end === -1 ? form.slice(start) : form.slice(start, end);
  return value.includes('%') ? decodeURIComponent(value) : value;
}
