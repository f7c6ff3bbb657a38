import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";
import { allows, type Asked } from "./iam";
import { SpotFront } from "./spotFront";

/** moto's account. */
export const MOTO_ACCOUNT = "123456789012";

/** An instance that SSM knows. */
export interface FrontInstance {
  readonly tags: Readonly<Record<string, string>>;
  /** Its agent answers: it runs. */
  connected: boolean;
}

/** How a command ended on a host. */
export interface CommandEnd {
  readonly status: "Success" | "Failed";
  readonly output: string;
}

const parametersSchema = z.record(z.string(), z.array(z.string()).length(1)).default({});
const startSchema = z.strictObject({
  Target: z.string(),
  DocumentName: z.string(),
  Parameters: parametersSchema,
});
const sendSchema = z.strictObject({
  DocumentName: z.string(),
  InstanceIds: z.array(z.string()).length(1),
  Parameters: parametersSchema,
});
const documentSchema = z.object({
  parameters: z
    .record(
      z.string(),
      z.object({
        allowedPattern: z.string().optional(),
        allowedValues: z.array(z.string()).optional(),
        default: z.string().optional(),
      }),
    )
    .default({}),
  properties: z
    .object({
      portNumber: z.string(),
      type: z.string().optional(),
      localPortNumber: z.string().optional(),
    })
    .optional(),
});

class Refused extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Stands in front of moto for what moto lacks: it opens sessions and runs commands by the account's documents, as
 * strict about their parameters as SSM, and holds callers to their IAM policies. The rest goes to moto as it is.
 * Whoever calls is known by the access key.
 */
export class AwsFront {
  /** IAM policy by access key; without one everything is allowed. */
  readonly policies = new Map<string, string>();
  readonly instances = new Map<string, FrontInstance>();
  readonly spot = new SpotFront();
  /** SSM documents by name. */
  readonly documents = new Map<string, string>();
  /** Port of the hosts' loopback address to the port of this machine that plays it. */
  readonly ports = new Map<number, number>();
  /** Sessions that were opened: `instance document`. */
  readonly sessions: string[] = [];
  /** What a host does when it is told to. */
  onCommand: (parameters: Readonly<Record<string, string>>) => CommandEnd = () => ({
    status: "Success",
    output: "",
  });
  private readonly commands = new Map<string, CommandEnd>();
  private readonly server = http.createServer((request, answer) => {
    this.handle(request, answer).catch((error: unknown) => {
      answer.writeHead(500).end(String(error));
    });
  });

  private constructor(
    private readonly behind: string,
    private readonly region: string,
  ) {}

  static async open(behind: string, region: string): Promise<AwsFront> {
    const front = new AwsFront(behind, region);
    await new Promise<void>((resolve) => front.server.listen(0, "127.0.0.1", resolve));
    return front;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private async handle(request: http.IncomingMessage, answer: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const [, caller = "", , , service = ""] =
      /Credential=([^/]+)\/([^/]+)\/([^/]+)\/([^/]+)\//.exec(request.headers.authorization ?? "") ??
      [];
    const target = String(request.headers["x-amz-target"] ?? "");
    if (service === "ssm") {
      try {
        const own = this.ssm(target.split(".")[1] ?? "", caller, body.toString());
        if (own !== undefined) return this.reply(answer, 200, own);
      } catch (problem) {
        if (!(problem instanceof Refused)) throw problem;
        return this.reply(answer, 400, { __type: problem.code, message: problem.message });
      }
    } else if (this.policies.has(caller) && service !== "sts") {
      return this.refuse(answer, service, caller);
    }
    const own = service === "ec2" ? this.spot.answer(body.toString()) : undefined;
    if (own !== undefined) {
      answer.writeHead(own.code, { "content-type": "text/xml" }).end(own.text);
      return;
    }
    const passed = await fetch(this.behind + (request.url ?? "/"), {
      method: request.method ?? "GET",
      headers: this.headersOf(request),
      ...(body.length === 0 ? {} : { body }),
    });
    const headers = [...passed.headers].filter(
      ([name]) => !["content-encoding", "transfer-encoding", "connection"].includes(name),
    );
    answer.writeHead(passed.status, Object.fromEntries(headers));
    answer.end(Buffer.from(await passed.arrayBuffer()));
  }

  private headersOf(request: http.IncomingMessage): Headers {
    const headers = new Headers();
    for (const [name, value] of Object.entries(request.headers))
      if (value !== undefined && !["connection", "content-length", "expect"].includes(name))
        headers.set(name, [value].flat().join(", "));
    return headers;
  }

  private reply(answer: http.ServerResponse, status: number, body: unknown): void {
    answer
      .writeHead(status, { "content-type": "application/x-amz-json-1.1" })
      .end(JSON.stringify(body));
  }

  /** As the services that speak XML say it. */
  private refuse(answer: http.ServerResponse, service: string, caller: string): void {
    const words = `User: arn:aws:iam::${MOTO_ACCOUNT}:user/${caller} is not authorized`;
    const error = (code: string) =>
      `<Error><Code>${code}</Code><Message>${words}</Message></Error>`;
    const text =
      service === "ec2"
        ? `<Response><Errors>${error("UnauthorizedOperation")}</Errors><RequestID>r</RequestID></Response>`
        : error("AccessDenied");
    answer.writeHead(403, { "content-type": "application/xml" }).end(text);
  }

  /** What SSM does by itself here; undefined where moto answers. */
  private ssm(operation: string, caller: string, body: string): unknown {
    const value: unknown = JSON.parse(body);
    switch (operation) {
      case "GetParameter": {
        const { Name } = z.object({ Name: z.string() }).parse(value);
        this.demand(caller, "ssm:GetParameter", this.arn("ssm", `parameter${Name}`), {});
        return undefined;
      }
      case "StartSession":
        return this.startSession(caller, startSchema.parse(value));
      case "SendCommand":
        return this.sendCommand(caller, sendSchema.parse(value));
      case "GetCommandInvocation": {
        const { CommandId } = z.object({ CommandId: z.string() }).parse(value);
        const end = this.commands.get(CommandId);
        if (end === undefined) throw new Refused("InvocationDoesNotExist", "");
        return { Status: end.status, StandardOutputContent: end.output };
      }
      default:
        if (this.policies.has(caller)) this.demand(caller, `ssm:${operation}`, "*", {});
        return undefined;
    }
  }

  private arn(service: string, resource: string): string {
    return `arn:aws:${service}:${this.region}:${MOTO_ACCOUNT}:${resource}`;
  }

  private demand(
    caller: string,
    action: string,
    resource: string,
    context: Asked["context"],
  ): void {
    const policy = this.policies.get(caller);
    const who = { "aws:username": caller, "aws:userid": `AIDA${caller}` };
    if (
      policy === undefined ||
      allows(policy, { action, resource, context: { ...who, ...context } })
    )
      return;
    throw new Refused(
      "AccessDeniedException",
      `User: arn:aws:iam::${MOTO_ACCOUNT}:user/${caller} is not authorized to perform: ${action} on resource: ${resource}`,
    );
  }

  /** A document's content, with its parameters checked and filled in. */
  private filled(name: string, given: Readonly<Record<string, string[]>>) {
    const text = this.documents.get(name);
    if (text === undefined)
      throw new Refused("InvalidDocument", `Document ${name} does not exist.`);
    const { parameters } = documentSchema.parse(JSON.parse(text));
    const values: Record<string, string> = {};
    for (const [key, [value = ""]] of Object.entries(given)) {
      const known = parameters[key];
      const fits =
        known !== undefined &&
        (known.allowedPattern === undefined || new RegExp(known.allowedPattern).test(value)) &&
        (known.allowedValues ?? [value]).includes(value);
      if (!fits)
        throw new Refused("InvalidParameters", `Parameter ${key} is not allowed: ${value}`);
      values[key] = value;
    }
    for (const [key, { default: usual }] of Object.entries(parameters)) {
      const value = values[key] ?? usual;
      if (value === undefined)
        throw new Refused("InvalidParameters", `Parameter ${key} is missing`);
      values[key] = value;
    }
    const content = text.replace(/\{\{ (\w+) \}\}/g, (_, key: string) => values[key] ?? "");
    return { values, content: documentSchema.parse(JSON.parse(content)) };
  }

  private startSession(
    caller: string,
    { Target, DocumentName, Parameters }: z.infer<typeof startSchema>,
  ): unknown {
    const instance = this.instances.get(Target);
    const tags = Object.entries(instance?.tags ?? {}).map(([key, value]) => [
      `ssm:resourceTag/${key}`,
      value,
    ]);
    const checked = { "ssm:SessionDocumentAccessCheck": "true" };
    const context = { ...(Object.fromEntries(tags) as Record<string, string>), ...checked };
    this.demand(caller, "ssm:StartSession", this.arn("ec2", `instance/${Target}`), context);
    this.demand(caller, "ssm:StartSession", this.arn("ssm", `document/${DocumentName}`), checked);
    if (instance?.connected !== true)
      throw new Refused("TargetNotConnected", `${Target} is not connected.`);
    const { properties } = this.filled(DocumentName, Parameters).content;
    const port = this.ports.get(Number(properties?.portNumber));
    if (properties === undefined || port === undefined)
      throw new Refused("InvalidDocument", `${DocumentName} leads nowhere.`);
    this.sessions.push(`${Target} ${DocumentName}`);
    const listen =
      properties.type === "LocalPortForwarding"
        ? `?listen=${properties.localPortNumber ?? ""}`
        : "";
    return {
      SessionId: `${caller}-${this.sessions.length}`,
      TokenValue: "token",
      StreamUrl: `tcp://127.0.0.1:${port}/${listen}`,
    };
  }

  private sendCommand(
    caller: string,
    { DocumentName, InstanceIds, Parameters }: z.infer<typeof sendSchema>,
  ): unknown {
    const [id = ""] = InstanceIds;
    this.demand(caller, "ssm:SendCommand", this.arn("ssm", `document/${DocumentName}`), {});
    if (this.instances.get(id)?.connected !== true)
      throw new Refused("InvalidInstanceId", `Instances [[${id}]] not in a valid state`);
    const { values } = this.filled(DocumentName, Parameters);
    const CommandId = `00000000-0000-0000-0000-${String(this.commands.size).padStart(12, "0")}`;
    this.commands.set(CommandId, this.onCommand(values));
    return { Command: { CommandId } };
  }
}
