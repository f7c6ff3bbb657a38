import * as path from "node:path";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { fromStruct, reveal, revealAll, toStruct } from "../../../cli/providers/values";
import type { Properties } from "../../../cli/providers/values";
import { checked, differences, listen, unary } from "../../../cli/providers/wire";
import { Account } from "./account";
import { INVOKES } from "./invokes";
import type { TypeRow, World } from "./model";
import { check, diff, handlesOf, outputs } from "./resource";
import { TABLE } from "./table";

/** The account that every stack of these tests is made in. */
const ACCOUNT = "111122223333";
const VERSIONS: Readonly<Record<string, string>> = { aws: "7.48.0", "docker-build": "0.0.22" };
const CONFIG = new Set([
  "region",
  "allowedAccountIds",
  "defaultTags",
  // Pulumi's SDK sends these two always.
  "skipCredentialsValidation",
  "skipRegionValidation",
  "version",
  "__internal",
]);

const name = process.argv[2] ?? "aws";
const folder = process.env.GPUDEV_STANDIN ?? "";
if (folder === "") throw new Error("GPUDEV_STANDIN names no folder for the account");

let defaultTags: Properties = {};
let region = "us-east-1";
const account = new Account(path.join(folder, `${name}.json`));
const world = (): World => ({ account, region, accountId: ACCOUNT });

/** Type and name out of a URN, and what is known of the type. */
function what(urn: string): {
  readonly type: string;
  readonly name: string;
  readonly row: TypeRow;
} {
  const parts = urn.split("::");
  const type = parts[2]?.split("$").at(-1) ?? "";
  const row = TABLE[type];
  if (row === undefined) throw new Error(`the stand-in has no ${type}: add it to its table`);
  return { type, name: parts.slice(3).join("::"), row };
}

/** Configuration, with the values that the engine hands over as JSON read. */
function configOf(struct: Struct | undefined): Properties {
  return Object.fromEntries(
    Object.entries(revealAll(fromStruct(struct))).map(([key, value]) => {
      if (typeof value !== "string" || !/^[[{]/.test(value)) return [key, value];
      return [key, JSON.parse(value) as Properties];
    }),
  );
}

function create(urn: string, inputs: Properties, preview: boolean): [string, Properties] {
  const { type, name: resource, row } = what(urn);
  if (preview) return ["", outputs(row, inputs, "", world(), defaultTags, true)];
  const plain = revealAll(inputs);
  const { unique, named, idPrefix } = row;
  const textOf = (property: string | undefined): string => {
    const value = property === undefined ? undefined : plain[property];
    return typeof value === "string" ? value : "";
  };
  if (unique !== undefined) {
    const taken = account.all(type).some(([, thing]) => thing.inputs[unique] === plain[unique]);
    if (taken) throw new Error(`creating ${type}: ${textOf(unique)} already exists`);
  }
  row.beforeCreate?.(plain, world());
  const number = account.next().toString(16).padStart(17, "0");
  const id = idPrefix === undefined ? textOf(unique ?? named) : `${idPrefix}${number}`;
  const state = outputs(row, inputs, id, world(), defaultTags, false);
  const handles = handlesOf(row, revealAll(state), id);
  account.put(id, { type, name: resource, inputs: plain, handles }, "create");
  return [id, state];
}

function remove(urn: string, id: string): void {
  const { type, row } = what(urn);
  const found = account.find(type, id);
  if (found === undefined) return;
  row.beforeDelete?.(found.inputs, id, world());
  const users = account.usersOf(type, id).filter((user) => TABLE[user.type]?.loose !== true);
  if (users.length > 0) {
    const named = users.map((user) => `${user.type} ${user.name}`).join(", ");
    throw new Error(`deleting ${type} (${id}): DependencyViolation: ${named} still needs it`);
  }
  account.remove(type, id);
}

void listen({
  getPluginInfo: unary(() => {
    const info = new PluginInfo();
    info.setVersion(VERSIONS[name] ?? "");
    return info;
  }),
  getSchema: unary(() =>
    new pb.GetSchemaResponse().setSchema(JSON.stringify({ name, version: VERSIONS[name] })),
  ),
  checkConfig: unary((request: pb.CheckRequest) =>
    checked(
      request.getNews(),
      Object.keys(fromStruct(request.getNews()))
        .filter((key) => !CONFIG.has(key))
        .map((property) => ({ property, reason: "the stand-in does not know this setting" })),
    ),
  ),
  diffConfig: unary((request: pb.DiffRequest) => {
    const [before, now] = [configOf(request.getOlds()), configOf(request.getNews())];
    const changed = JSON.stringify(before) !== JSON.stringify(now);
    const moved = before["region"] !== now["region"];
    return differences(
      changed ? [{ property: "region", kind: "update", replaces: moved }] : [],
      false,
    );
  }),
  configure: unary((request: pb.ConfigureRequest) => {
    const config = configOf(request.getArgs());
    const allowed = config["allowedAccountIds"];
    if (Array.isArray(allowed) && !allowed.includes(ACCOUNT)) {
      throw new Error(`AWS account ID not allowed: ${ACCOUNT}`);
    }
    const tags = (config["defaultTags"] as Properties | undefined)?.["tags"];
    defaultTags = (tags as Properties | undefined) ?? {};
    region = typeof config["region"] === "string" ? config["region"] : region;
    const response = new pb.ConfigureResponse();
    response.setAcceptsecrets(true);
    response.setSupportspreview(true);
    return response;
  }),
  invoke: unary((request: pb.InvokeRequest) => {
    const answer = INVOKES[request.getTok()];
    if (answer === undefined) throw new Error(`the stand-in does not answer ${request.getTok()}`);
    const response = new pb.InvokeResponse();
    response.setReturn(toStruct(answer(revealAll(fromStruct(request.getArgs())), world())));
    return response;
  }),
  check: unary((request: pb.CheckRequest) => {
    const { type, name: resource, row } = what(request.getUrn());
    const [olds, news] = [fromStruct(request.getOlds()), fromStruct(request.getNews())];
    const { inputs, problems } = check(row, type, resource, olds, news);
    return checked(toStruct(inputs), problems);
  }),
  diff: unary((request: pb.DiffRequest) => {
    const { row } = what(request.getUrn());
    const changes = diff(
      row,
      fromStruct(request.getOldInputs()),
      fromStruct(request.getNews()),
      revealAll(fromStruct(request.getOlds())),
      defaultTags,
    );
    return differences(changes, false);
  }),
  create: unary((request: pb.CreateRequest) => {
    const inputs = fromStruct(request.getProperties());
    const [id, state] = create(request.getUrn(), inputs, request.getPreview());
    const response = new pb.CreateResponse();
    response.setId(id);
    response.setProperties(toStruct(state));
    return response;
  }),
  read: unary((request: pb.ReadRequest) => {
    const { type } = what(request.getUrn());
    const response = new pb.ReadResponse();
    if (account.find(type, request.getId()) === undefined) return response;
    response.setId(request.getId());
    response.setProperties(request.getProperties());
    response.setInputs(request.getInputs());
    return response;
  }),
  update: unary((request: pb.UpdateRequest) => {
    const { type, name: resource, row } = what(request.getUrn());
    const [id, inputs, olds] = [
      request.getId(),
      fromStruct(request.getNews()),
      fromStruct(request.getOlds()),
    ];
    const state = {
      ...outputs(row, inputs, id, world(), defaultTags, false),
      ...(row.computed === undefined ? {} : kept(row, inputs, id, olds)),
    };
    if (!request.getPreview()) {
      const plain = revealAll(inputs);
      row.beforeUpdate?.(revealAll(olds), plain, world());
      account.put(id, {
        type,
        name: resource,
        inputs: plain,
        handles: handlesOf(row, revealAll(state), id),
      });
    }
    const response = new pb.UpdateResponse();
    response.setProperties(toStruct(state));
    return response;
  }),
  delete: unary((request: pb.DeleteRequest) => {
    remove(request.getUrn(), request.getId());
    return new Empty();
  }),
  cancel: unary(() => new Empty()),
  attach: unary(() => new Empty()),
});

/** What AWS added stays over an update, but for an image's digest, which follows its tags. */
function kept(row: TypeRow, inputs: Properties, id: string, olds: Properties): Properties {
  if (name === "docker-build") return {};
  const added = Object.keys(row.computed?.(revealAll(inputs), id, world()) ?? {});
  return Object.fromEntries(added.map((key) => [key, reveal(olds[key] ?? null)]));
}
