type Headers = Record<string, string>;

export const octokit: (secret: string, body: string, signature: string) => Promise<boolean>;
export const standardWebhooks: (secret: string) => (body: string, headers: Headers) => boolean;
export const bolt: (signingSecret: string, body: string, headers: Headers) => boolean;
