import * as http from "node:http";
import type { AddressInfo } from "node:net";

const ROLE = "gpudev-host";
const ROLE_PATH = "meta-data/iam/security-credentials/";
const SESSION = "a-session-token-of-imds";

/** Stands for what a GPU host asks of AWS: instance metadata by IMDSv2, one bucket, parameters. */
export interface AwsForHost {
  readonly port: number;
  /** Objects by `bucket/key`. */
  readonly objects: Map<string, Buffer>;
  /** SecureString parameters by name. */
  readonly parameters: Map<string, string>;
  /** Metadata by path below `/latest/`. */
  readonly metadata: Map<string, string>;
  readonly close: () => Promise<void>;
}

const CREDENTIALS = {
  Code: "Success",
  AccessKeyId: "ASIAEXAMPLE",
  SecretAccessKey: "not-a-secret",
  Token: "not-a-token",
  Expiration: "2099-01-01T00:00:00Z",
};

async function bodyOf(request: http.IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

type Reply = readonly [status: number, body?: string | Buffer];

function metadataReply(
  aws: AwsForHost,
  { method, url = "", headers }: http.IncomingMessage,
): Reply {
  const path = url.slice("/latest/".length);
  if (method === "PUT" && path === "api/token") return [200, SESSION];
  if (headers["x-aws-ec2-metadata-token"] !== SESSION) return [401];
  const value = aws.metadata.get(path);
  return value === undefined ? [404] : [200, value];
}

function serviceReply(aws: AwsForHost, request: http.IncomingMessage, body: Buffer): Reply {
  const { method, url = "", headers } = request;
  if (headers.authorization?.startsWith("AWS4-HMAC-SHA256 Credential=ASIAEXAMPLE/") !== true) {
    return [403, "<Error><Code>AccessDenied</Code></Error>"];
  }
  if (method === "POST") {
    const { Name, Value } = JSON.parse(body.toString()) as { Name: string; Value: string };
    aws.parameters.set(Name, Value);
    return [200, '{"Version":1}'];
  }
  const key = decodeURIComponent(url.slice(1));
  if (method === "PUT") {
    aws.objects.set(key, body);
    return [200];
  }
  // As S3 answers a role that may not list the bucket.
  const found = aws.objects.get(key);
  return found === undefined ? [403, "<Error><Code>AccessDenied</Code></Error>"] : [200, found];
}

/** Listens on every address, for a machine that has only a network in common with this process. */
export async function awsForHost(): Promise<AwsForHost> {
  const server = http.createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const metadata = request.url?.startsWith("/latest/") === true;
      const [status, text] = metadata
        ? metadataReply(aws, request)
        : serviceReply(aws, request, body);
      response.writeHead(status).end(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve));
  const aws: AwsForHost = {
    port: (server.address() as AddressInfo).port,
    objects: new Map(),
    parameters: new Map(),
    metadata: new Map([
      [ROLE_PATH, ROLE],
      [ROLE_PATH + ROLE, JSON.stringify(CREDENTIALS)],
      ["meta-data/instance-life-cycle", "spot"],
      ["meta-data/instance-id", "i-0123456789abcdef0"],
    ]),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return aws;
}
