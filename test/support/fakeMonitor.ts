import { Server, ServerCredentials } from "@grpc/grpc-js";
import type { sendUnaryData, ServerUnaryCall, UntypedServiceImplementation } from "@grpc/grpc-js";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import * as engine from "@pulumi/pulumi/proto/engine_pb";
import { ResourceMonitorService } from "@pulumi/pulumi/proto/resource_grpc_pb";
import * as resource from "@pulumi/pulumi/proto/resource_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";

/** A resource as a program registered it. */
export interface Registered {
  readonly type: string;
  readonly name: string;
  readonly parent: string;
  readonly protect: boolean;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/**
 * Stands where Pulumi's engine stands for a program, and notes what it is told. It takes every
 * resource and answers with its inputs; there is no state and no provider behind it.
 */
export class FakeMonitor {
  readonly resources: Registered[] = [];
  /** What was logged as an error. */
  readonly errors: string[] = [];
  outputs: Readonly<Record<string, unknown>> = {};
  private readonly server = new Server();
  private root = "";

  /** Starts to listen; returns the address. */
  async start(): Promise<string> {
    this.server.addService(ResourceMonitorService, this.monitor());
    this.server.addService(EngineService, this.engine());
    const port = await new Promise<number>((resolve, reject) => {
      this.server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    return `127.0.0.1:${port}`;
  }

  stop(): void {
    this.server.forceShutdown();
  }

  private monitor(): UntypedServiceImplementation {
    return {
      supportsFeature: unary((request: resource.SupportsFeatureRequest) => {
        const plain = ["secrets", "resourceReferences", "outputValues"];
        return new resource.SupportsFeatureResponse().setHassupport(
          plain.includes(request.getId()),
        );
      }),
      registerResource: unary((request: resource.RegisterResourceRequest) => {
        const [type, name] = [request.getType(), request.getName()];
        this.resources.push({
          type,
          name,
          parent: request.getParent().split("::").at(-1) ?? "",
          protect: request.getProtect() ?? false,
          inputs: request.getObject()?.toJavaScript() ?? {},
        });
        const response = new resource.RegisterResourceResponse();
        response.setUrn(`urn:pulumi:stack::gpudev::${type}::${name}`);
        if (request.getCustom()) response.setId(`id-of-${name}`);
        response.setObject(request.getObject());
        return response;
      }),
      registerResourceOutputs: unary((request: resource.RegisterResourceOutputsRequest) => {
        const outputs = request.getOutputs()?.toJavaScript() ?? {};
        if (request.getUrn().includes("pulumi:pulumi:Stack")) this.outputs = outputs;
        return new Empty();
      }),
      signalAndWaitForShutdown: unary(() => new Empty()),
    };
  }

  private engine(): UntypedServiceImplementation {
    return {
      log: unary((request: engine.LogRequest) => {
        if (request.getSeverity() === engine.LogSeverity.ERROR) {
          this.errors.push(request.getMessage());
        }
        return new Empty();
      }),
      getRootResource: unary(() => new engine.GetRootResourceResponse().setUrn(this.root)),
      setRootResource: unary((request: engine.SetRootResourceRequest) => {
        this.root = request.getUrn();
        return new engine.SetRootResourceResponse();
      }),
    };
  }
}

function unary<Request, Response>(answer: (request: Request) => Response) {
  return (call: ServerUnaryCall<Request, Response>, reply: sendUnaryData<Response>) =>
    reply(null, answer(call.request));
}
