'use strict';

// Stands in for zlib, which pop-core's HTTP client uses on compressed answers. None is asked for, and one that comes all
// the same may be a thousand times larger than the bytes that were counted.
function refuse() {
  throw new Error('it is compressed, which was not asked for');
}

module.exports = { createGunzip: refuse, createInflate: refuse };
