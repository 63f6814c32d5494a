/** Stands in for xml2js, two thirds of pop-core's weight: EDAS is asked for JSON, and XML is no answer to us. */
export class Parser {
  parseString(_xml: string, callback: (error: Error) => void): void {
    callback(new Error('it is XML, and JSON was asked for'));
  }
}
