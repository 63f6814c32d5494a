/** What was answered, or what is to be told to the person. */
export type Asked<Answer> = { answer: Answer } | { refused: string };

/** Has the sandbox do something. */
export async function ask<Answer>(action: string, asked: object = {}): Promise<Asked<Answer>> {
  try {
    const response = await fetch(`/actions/${action}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(asked),
    });
    if (!response.ok) return { refused: (await response.text()).trim() };
    return { answer: (await response.json()) as Answer };
  } catch {
    return { refused: 'The sandbox does not answer. Is npm start still running?' };
  }
}
