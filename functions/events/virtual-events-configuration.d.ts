/** Made by local/build/bundle.ts from sources.yaml and package.json. */
declare module 'virtual:events-configuration' {
  const configuration: import('./event-source.ts').EventsConfiguration;
  export default configuration;
}
