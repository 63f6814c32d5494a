// All servers of the sandbox in a process of their own, which ends where one of them lets an error out. It writes where they
// listen, as JSON.
import { listeners } from './listeners.ts';

const urls = Object.entries(listeners).map(async ([file, { start }]) => [file, await start()] as const);
console.log(JSON.stringify(Object.fromEntries(await Promise.all(urls))));
