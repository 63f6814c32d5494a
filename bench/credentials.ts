/** Known to the stand-in only. */
export const credentials = {
  accessKeyId: 'STS.bench-key-id',
  accessKeySecret: 'bench-key-secret',
  securityToken: 'bench-security-token',
};

export const accountId = '1234567890123456';
export const followFunction = 'edas-rollback-follow';
