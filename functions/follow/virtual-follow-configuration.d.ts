/** Made by local/build/bundle.ts from sources.yaml and package.json. */
declare module 'virtual:follow-configuration' {
  const configuration: import('./configuration.ts').FollowConfiguration;
  export default configuration;
}
