import { Server, ServerCredentials, status } from "@grpc/grpc-js";
import type { sendUnaryData, ServerUnaryCall, UntypedServiceImplementation } from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { Change, Problem } from "./resource";

const WATCH_MS = 500;

/** Serves a provider's handlers to Pulumi's engine and prints the port, as the engine expects of a plugin. */
export async function listen(handlers: UntypedServiceImplementation): Promise<void> {
  const server = new Server();
  server.addService(ResourceProviderService, handlers);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  process.stdout.write(`${port}\n`);
  endWithEngine();
}

/** A killed engine cannot tell its plugins to end; they see that their parent is gone. The next run puts right what was at work. */
function endWithEngine(): void {
  const engine = process.ppid;
  setInterval(() => {
    if (process.ppid !== engine) process.exit();
  }, WATCH_MS).unref();
}

/** An answer to one request; what it throws becomes the error that the engine shows. */
export function unary<Request, Response>(
  answer: (request: Request) => Response | Promise<Response>,
) {
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

/** Inputs as they are taken, and what is wrong with them. */
export function checked(
  inputs: Struct | undefined,
  problems: readonly Problem[],
): pb.CheckResponse {
  const response = new pb.CheckResponse();
  response.setInputs(inputs);
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

/** Differences as the engine reads them. */
export function differences(
  changes: readonly Change[],
  deleteBeforeReplace: boolean,
): pb.DiffResponse {
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
