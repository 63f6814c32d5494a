// Loaded before the follow function, in its process. A payload that a user pasted in holds the address of a real chat,
// and nothing that happens in this sandbox may be told there: it goes to the stand-in of the chat instead.
'use strict';

const { URL } = require('node:url');
const http = require('node:http');
const https = require('node:https');

const standIns = JSON.parse(process.env.SANDBOX_CHATS);
const { request } = https;

https.request = (url, options, onResponse) => {
  const standIn = standIns[new URL(url).host];
  if (standIn === undefined) return request(url, options, onResponse);
  return http.request(standIn, { ...options, agent: false }, onResponse);
};
