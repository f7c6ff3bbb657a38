/** Whether requests go to another endpoint than AWS's own, where buckets are part of the path. */
export function isPathStyle(env: NodeJS.ProcessEnv): boolean {
  return (env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL ?? "") !== "";
}
