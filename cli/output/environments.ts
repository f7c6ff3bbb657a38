import type { Endpoint } from "../../components/endpoints/model";
import { sshCommand, type AccessFiles } from "../access";
import { table } from "./table";

/** How each user reaches an environment: no token is in it. */
export function environmentsTable(endpoints: readonly Endpoint[], files: AccessFiles): string {
  return table(
    ["USER", "JUPYTER", "SSH", "GPU"],
    endpoints.map((endpoint) => [
      endpoint.user,
      endpoint.jupyter ?? "",
      sshCommand(endpoint, files),
      endpoint.devices.length === 0 ? "CPU" : endpoint.devices.join(","),
    ]),
  );
}
