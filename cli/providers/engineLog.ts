import { credentials } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";

/** Shows a line beside a resource in the engine's own display; `kept` ones stay in its log. */
export type EngineLog = (urn: string, message: string, kept?: boolean) => void;

/** Talks to the engine that started this provider; without its address nobody listens. */
export function engineLog(address: string | undefined): EngineLog {
  if (address === undefined) return () => undefined;
  const client = new EngineClient(address, credentials.createInsecure());
  return (urn, message, kept = false) => {
    const line = new LogRequest();
    line.setSeverity(LogSeverity.INFO);
    line.setUrn(urn);
    line.setMessage(message);
    line.setEphemeral(!kept);
    // A line that the engine did not take changes nothing about the work.
    client.log(line, () => undefined);
  };
}
