// Runs before everything that is written for a newer Node.js or needs a package, so it is written for an old one and
// needs none.
'use strict';

var fs = require('fs');
var path = require('path');

var needed = [20, 19];
var found = process.versions.node.split('.').map(Number);

function stop(message) {
  console.error('error ' + message);
  process.exit(1);
}

if (found[0] < needed[0] || (found[0] === needed[0] && found[1] < needed[1])) {
  stop(
    'This needs Node.js ' +
      needed.join('.') +
      ' or newer; this is ' +
      process.versions.node +
      '. See https://nodejs.org',
  );
}
if (!fs.existsSync(path.join(__dirname, '../../node_modules/tsx'))) {
  stop('The packages are not installed yet. Run: npm ci');
}
