/**
 * `@alicloud/fc2` 2.6.6 ships no types. This is the part of its client that we use.
 * https://github.com/aliyun/fc-nodejs-sdk/blob/master/lib/client.js
 */
declare module '@alicloud/fc2' {
  /** @template T what `request` gives: the verbs hand it on */
  export default class FcClient<T> {
    constructor(
      accountId: string,
      config: {
        accessKeyID: string;
        accessKeySecret: string;
        /** Required, and used, where the key id starts with STS. */
        securityToken?: string | undefined;
        region: string;
        /** An origin; without it `http://<account>.<region>.fc.aliyuncs.com`. */
        endpoint?: string;
        /** Milliseconds. */
        timeout?: number;
      },
    );

    endpoint: string;
    /** Of the API, as it stands in the path. */
    version: string;
    readonly accessKeyID: string;
    readonly accessKeySecret: string;

    buildHeaders(): Record<string, string>;
    get(path: string, query?: Record<string, string>, headers?: Record<string, string>): Promise<T>;
    post(path: string, body: string | Buffer, headers?: Record<string, string>): Promise<T>;

    /** All verbs go through this. */
    request(
      method: 'GET' | 'POST',
      path: string,
      query: Record<string, string> | null | undefined,
      body: string | Buffer | null | undefined,
      headers?: Record<string, string>,
    ): Promise<T>;

    /** `FC <key id>:<signature>`. */
    static getSignature(
      accessKeyId: string,
      accessKeySecret: string,
      method: string,
      path: string,
      headers: Record<string, string>,
    ): string;
  }
}
