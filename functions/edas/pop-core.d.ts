/**
 * `@alicloud/pop-core` 1.8.0 ships types for `RPCClient` only. This is the part of its ROA client that we use.
 * https://github.com/aliyun/openapi-core-nodejs-sdk/blob/master/lib/roa.js
 */
declare module '@alicloud/pop-core/lib/roa.js' {
  import type { Agent } from 'node:http';

  export interface ROACredentials {
    accessKeyId: string;
    accessKeySecret: string;
    securityToken?: string | undefined;
  }

  export interface ROARequestOptions {
    agent?: Agent;
    /** Milliseconds. Also the time that a connected socket may stay silent, unless the socket says otherwise. */
    connectTimeout?: number;
    /** Milliseconds from the TCP connection to the last byte of the answer. */
    readTimeout?: number;
  }

  export default class ROAClient {
    constructor(config: {
      /** `https://host` or `http://host`. */
      endpoint: string;
      apiVersion: string;
      credentialsProvider: { getCredentials(): Promise<ROACredentials> };
      opts?: ROARequestOptions;
    });

    /** The body as it came, whatever the HTTP status of the answer. */
    request(
      method: 'GET' | 'POST' | 'PUT' | 'DELETE',
      path: string,
      query: Record<string, string>,
      body: string,
      headers: Record<string, string>,
      options: ROARequestOptions & { rawBody: true },
    ): Promise<string>;

    /** Parsed JSON, or the body as a string when the answer is not JSON, whatever its HTTP status. */
    request(
      method: 'GET' | 'POST' | 'PUT' | 'DELETE',
      path: string,
      query?: Record<string, string>,
      body?: string,
      headers?: Record<string, string>,
      options?: ROARequestOptions,
    ): Promise<unknown>;
  }
}
