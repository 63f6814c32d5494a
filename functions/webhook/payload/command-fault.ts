/**
 * What is wrong with a message that a person wrote. The first ones make it no command at all, and the last four a
 * command that is refused.
 *
 * - `help`: nothing is wrong, help was asked for.
 * - `question`: it asks, or trails off.
 * - `quotation`: it quotes, shows code, or strikes out.
 * - `not_only_a_name`: a mention may end in a prohibition.
 * - `other_words`: other words stand in the place of the verb, or before it.
 * - `words_beside_id`: other words could turn the sense of the command round.
 */
export type CommandFault =
  | 'help'
  | 'no_text'
  | 'too_long'
  | 'question'
  | 'quotation'
  | 'not_only_a_name'
  | 'other_words'
  | 'id_missing'
  | 'id_malformed'
  | 'several_ids'
  | 'words_beside_id';

/** Whether the message is no command: it is ignored, and not refused. */
export function isNoCommand(fault: CommandFault): boolean {
  return !['id_missing', 'id_malformed', 'several_ids', 'words_beside_id'].includes(fault);
}
