// The same job, written the usual way: the raw body's HMAC, then two generic calls with Alibaba Cloud's own client.
'use strict';

const { createHmac, timingSafeEqual } = require('node:crypto');
const OpenApi = require('@alicloud/openapi-client');
const { RuntimeOptions } = require('@alicloud/tea-util');

exports.isSigned = (header, body) => {
  const expected = createHmac('sha256', process.env.SECRET_PIPELINE).update(body).digest();
  const given = Buffer.from(String(header ?? '').replace(/^sha256=/, ''), 'hex');
  return given.length === expected.length && timingSafeEqual(given, expected);
};

exports.rollBack = async (changeOrderId, { accessKeyId, accessKeySecret, securityToken }) => {
  const endpoint = new URL(process.env.EDAS_ENDPOINT);
  const client = new OpenApi.default(
    new OpenApi.Config({
      ...{ accessKeyId, accessKeySecret, securityToken, endpoint: endpoint.host },
      protocol: endpoint.protocol === 'https:' ? 'HTTPS' : 'HTTP',
      // The signature that pop-core makes, too, and that the stand-in checks. v3, the client's default, costs about the same.
      signatureAlgorithm: 'v2',
    }),
  );
  const call = (action, method, pathname) => {
    const params = { action, version: '2017-08-01', protocol: client._protocol, pathname, method };
    return client.callApi(
      new OpenApi.Params({ ...params, authType: 'AK', style: 'ROA', reqBodyType: 'json', bodyType: 'json' }),
      // The stand-in wants the MD5 of the body, which is empty.
      new OpenApi.OpenApiRequest({
        query: { ChangeOrderId: changeOrderId },
        headers: { 'content-md5': '1B2M2Y8AsgTpgAmY7PhCfg==' },
      }),
      new RuntimeOptions({}),
    );
  };
  await call('GetChangeOrderInfo', 'POST', '/pop/v5/changeorder/change_order_info');
  const { body } = await call('RollbackChangeOrder', 'PUT', '/pop/v5/oam/changeorder/rollback');
  return body.Data?.ChangeOrderId;
};
