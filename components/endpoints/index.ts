export { awsEndpoints } from "./awsEndpoints";
export { endpointsOf } from "./endpointsOf";
export { knownHostsLine } from "./knownHosts";
export type { Endpoint } from "./model";
export { sshConfig } from "./sshConfig";
