'use strict';

// Stands in for ali-oss, axios and ws. fc2 requires them when it is loaded and never touches them on the way to an
// invocation: the first two upload code, the third opens a shell in an instance.
// https://github.com/aliyun/fc-nodejs-sdk/blob/master/lib/client.js
module.exports = {};
