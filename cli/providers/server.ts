import { Server, ServerCredentials, status } from "@grpc/grpc-js";
import type { sendUnaryData, ServerUnaryCall, UntypedHandleCall } from "@grpc/grpc-js";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { DockerClient } from "./dockerClient";
import { engineLog } from "./engineLog";
import { checkConfig, hostOf } from "./config";
import type { Change, Call, Problem, Resource } from "./resource";
import { fromStruct, toStruct } from "./values";

/** A provider: its name, the version of the SDK that it serves, its types of resources by token. */
export interface Provider {
  readonly name: string;
  readonly version: string;
  readonly resources: Readonly<Record<string, Resource>>;
}

/**
 * Serves a provider to Pulumi's engine and prints the port, as the engine expects of a plugin.
 * Why not `pulumi.provider.main`: it drops the provider's configuration, and with it the host
 * of the daemon to work on.
 */
export async function serve(provider: Provider, args: readonly string[]): Promise<void> {
  const server = new Server();
  const address = args.find((arg) => /^[^-].*:\d+$/.test(arg));
  server.addService(ResourceProviderService, handlers(provider, address));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  process.stdout.write(`${port}\n`);
  endWithEngine();
}

const WATCH_MS = 500;

/** A killed engine cannot tell its plugins to end; they see that their parent is gone. The next run puts right what was at work. */
function endWithEngine(): void {
  const engine = process.ppid;
  setInterval(() => {
    if (process.ppid !== engine) process.exit();
  }, WATCH_MS).unref();
}

function handlers(provider: Provider, engineAddress: string | undefined) {
  const log = engineLog(engineAddress);
  const stop = new AbortController();
  let docker = new DockerClient(undefined);
  const resource = (urn: string): Resource => {
    const type = urn.split("::")[2]?.split("$").at(-1) ?? "";
    const found = provider.resources[type];
    if (found !== undefined) return found;
    throw new Error(
      `gpudev's bundled ${provider.name} provider has no ${type}: use Pulumi's own (\`gpudev:docker: {provider: official}\`)`,
    );
  };
  const call = (urn: string): Call => ({
    docker,
    report: (message) => log(urn, message),
    signal: stop.signal,
  });

  return {
    getPluginInfo: unary(() => {
      const info = new PluginInfo();
      info.setVersion(provider.version);
      return info;
    }),
    getSchema: unary(() => {
      const { name, version } = provider;
      return new pb.GetSchemaResponse().setSchema(JSON.stringify({ name, version }));
    }),
    checkConfig: unary((request: pb.CheckRequest) =>
      checked(request, checkConfig(fromStruct(request.getNews()))),
    ),
    diffConfig: unary((request: pb.DiffRequest) => {
      const [before, now] = [request.getOlds(), request.getNews()].map(
        (struct) => fromStruct(struct)["host"] ?? null,
      );
      const changed: Change = { property: "host", kind: "update", replaces: false };
      return differences(before === now ? [] : [changed], false);
    }),
    configure: unary((request: pb.ConfigureRequest) => {
      docker = new DockerClient(hostOf(fromStruct(request.getArgs())));
      const response = new pb.ConfigureResponse();
      response.setAcceptsecrets(true);
      return response;
    }),
    check: unary((request: pb.CheckRequest) =>
      checked(request, resource(request.getUrn()).check(fromStruct(request.getNews()))),
    ),
    diff: unary((request: pb.DiffRequest) => {
      const { diff, deleteBeforeReplace } = resource(request.getUrn());
      const [oldInputs, inputs, state] = [
        request.getOldInputs(),
        request.getNews(),
        request.getOlds(),
      ].map(fromStruct);
      return differences(diff(oldInputs ?? {}, inputs ?? {}, state ?? {}), deleteBeforeReplace);
    }),
    create: unary(async (request: pb.CreateRequest) => {
      const urn = request.getUrn();
      const made = await resource(urn).create(fromStruct(request.getProperties()), call(urn));
      const response = new pb.CreateResponse();
      response.setId(made.id);
      response.setProperties(toStruct(made.state));
      return response;
    }),
    read: unary(async (request: pb.ReadRequest) => {
      const [urn, state] = [request.getUrn(), fromStruct(request.getProperties())];
      const now = await resource(urn).read(request.getId(), state, call(urn));
      const response = new pb.ReadResponse();
      if (now === undefined) return response;
      response.setId(request.getId());
      response.setProperties(toStruct(now));
      response.setInputs(request.getInputs());
      return response;
    }),
    update: unary(async (request: pb.UpdateRequest) => {
      const [urn, inputs, state] = [
        request.getUrn(),
        fromStruct(request.getNews()),
        fromStruct(request.getOlds()),
      ];
      const now = await resource(urn).update(request.getId(), inputs, state, call(urn));
      const response = new pb.UpdateResponse();
      response.setProperties(toStruct(now));
      return response;
    }),
    delete: unary(async (request: pb.DeleteRequest) => {
      const [urn, state] = [request.getUrn(), fromStruct(request.getProperties())];
      await resource(urn).delete(request.getId(), state, call(urn));
      return new Empty();
    }),
    cancel: unary(() => {
      stop.abort();
      return new Empty();
    }),
    attach: unary(() => new Empty()),
  } satisfies Record<string, UntypedHandleCall>;
}

/** An answer to one request; what it throws becomes the error that the engine shows. */
function unary<Request, Response>(answer: (request: Request) => Response | Promise<Response>) {
  return (call: ServerUnaryCall<Request, Response>, reply: sendUnaryData<Response>): void => {
    Promise.resolve()
      .then(() => answer(call.request))
      .then(
        (response) => reply(null, response),
        (error: unknown) =>
          reply({
            code: status.UNKNOWN,
            details: error instanceof Error ? error.message : String(error),
          }),
      );
  };
}

function checked(request: pb.CheckRequest, problems: readonly Problem[]): pb.CheckResponse {
  const response = new pb.CheckResponse();
  response.setInputs(request.getNews());
  for (const { property, reason } of problems) {
    const failure = new pb.CheckFailure();
    failure.setProperty(property);
    failure.setReason(reason);
    response.addFailures(failure);
  }
  return response;
}

const KINDS = {
  add: [pb.PropertyDiff.Kind.ADD, pb.PropertyDiff.Kind.ADD_REPLACE],
  delete: [pb.PropertyDiff.Kind.DELETE, pb.PropertyDiff.Kind.DELETE_REPLACE],
  update: [pb.PropertyDiff.Kind.UPDATE, pb.PropertyDiff.Kind.UPDATE_REPLACE],
} as const;

function differences(changes: readonly Change[], deleteBeforeReplace: boolean): pb.DiffResponse {
  const { DIFF_NONE, DIFF_SOME } = pb.DiffResponse.DiffChanges;
  const response = new pb.DiffResponse();
  response.setChanges(changes.length === 0 ? DIFF_NONE : DIFF_SOME);
  response.setDeletebeforereplace(deleteBeforeReplace);
  response.setHasdetaileddiff(true);
  for (const { property, kind, replaces } of changes) {
    const diff = new pb.PropertyDiff();
    diff.setKind(KINDS[kind][replaces ? 1 : 0]);
    diff.setInputdiff(true);
    response.getDetaileddiffMap().set(property, diff);
    response.addDiffs(property);
    if (replaces) response.addReplaces(property);
  }
  return response;
}
