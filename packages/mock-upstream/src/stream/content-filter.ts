/** What Azure's content filter says about everything the mock is asked and answers. */
const SAFE = { filtered: false, severity: 'safe' }
const VERDICT = { hate: SAFE, self_harm: SAFE, sexual: SAFE, violence: SAFE }

/** The field about the prompt: of a JSON reply, or of a first chunk without choices. */
export const PROMPT_FILTER = {
  prompt_filter_results: [{ prompt_index: 0, content_filter_results: VERDICT }],
}

/** The field about a choice. */
export const CHOICE_FILTER = { content_filter_results: VERDICT }
