import { createHash, createHmac } from 'node:crypto';

/** A request to be signed. What is absent is as a good caller has it. */
export interface Unsigned {
  readonly method?: string;
  /** As it is sent, with its query. */
  readonly target: string;
  readonly host: string;
  readonly body?: string | Uint8Array;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region?: string;
  readonly service?: string;
  /** Epoch ms. */
  readonly at: number;
  /** More headers, signed too. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The headers of a request that is signed by Signature Version 4. Written from AWS's description, apart from the SDK's signer. */
export function signedHeaders(request: Unsigned): Record<string, string> {
  const { method = 'GET', target, host, body = '', accessKeyId, secretAccessKey, region = 'us-east-1', service = 'lambda', at } = request;
  const date = basicDate(at);
  const headers: Record<string, string> = { host, 'x-amz-date': date, ...request.headers };
  const names = Object.keys(headers).sort();
  const [path = '', query = ''] = target.split('?', 2);
  const canonical = [
    method,
    path
      .split('/')
      .map((part) => escaped(part))
      .join('/'),
    canonicalQuery(query),
    ...names.map((name) => `${name}:${(headers[name] ?? '').trim().replaceAll(/ +/g, ' ')}`),
    '',
    names.join(';'),
    createHash('sha256').update(body).digest('hex'),
  ].join('\n');
  const scope = `${date.slice(0, 8)}/${region}/${service}/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', date, scope, createHash('sha256').update(canonical).digest('hex')].join('\n');
  const key = [date.slice(0, 8), region, service, 'aws4_request'].reduce<Buffer | string>(
    (last, part) => createHmac('sha256', last).update(part).digest(),
    `AWS4${secretAccessKey}`,
  );
  const signature = createHmac('sha256', key).update(text).digest('hex');
  return {
    ...headers,
    authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
  };
}

/** An instant as signatures write it. */
export function basicDate(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+/, '').replaceAll(/[-:]/g, '');
}

function canonicalQuery(query: string): string {
  return query
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const [name = '', value = ''] = part.split(/=(.*)/s, 2).map((text) => escaped(decodeURIComponent(text)));
      return `${name}=${value}`;
    })
    .sort()
    .join('&');
}

function escaped(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}
