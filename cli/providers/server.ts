import type { UntypedHandleCall } from "@grpc/grpc-js";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { DockerClient } from "./dockerClient";
import { engineLog } from "./engineLog";
import { checkConfig, hostOf } from "./config";
import type { Change, Call, Resource } from "./resource";
import { fromStruct, toStruct } from "./values";
import { checked, differences, listen, unary } from "./wire";

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
  const address = args.find((arg) => /^[^-].*:\d+$/.test(arg));
  await listen(handlers(provider, address));
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
      checked(request.getNews(), checkConfig(fromStruct(request.getNews()))),
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
      checked(request.getNews(), resource(request.getUrn()).check(fromStruct(request.getNews()))),
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
