// Runs before anything that is written for a newer Node.js, so it is written for an old one.
'use strict';

var needed = [20, 19];
var found = process.versions.node.split('.').map(Number);

if (found[0] < needed[0] || (found[0] === needed[0] && found[1] < needed[1])) {
  console.error(
    'error This needs Node.js ' +
      needed.join('.') +
      ' or newer; this is ' +
      process.versions.node +
      '. See https://nodejs.org',
  );
  process.exit(1);
}
