export { awsEndpoints } from "./awsEndpoints";
export { sessionArgs, sessionProxy } from "./awsSessions";
export { awsWay } from "./awsWay";
export type { AwsWay } from "./awsWay";
export { endpointsOf } from "./endpointsOf";
export { knownHostsLine } from "./knownHosts";
export type { Endpoint } from "./model";
export { sshConfig } from "./sshConfig";
