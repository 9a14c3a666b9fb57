"""What every key of a file means, in one line: what an editor shows beside it."""

GATE = {
    "margin": "How much worse is not yet worse, as a fraction: 0.05 is five points.",
    "min_pass_rate": "The share of cases that head has to pass, 0 to 1; 0 asks for none.",
    "on_undecided": "Whether an undecided comparison passes.",
    "on_untested": "What a changed prompt without an active case is: a warning, or a failure.",
    "max_errors": "Trials that may end in an error before the run is incomplete.",
}
ACCEPT = {
    "case": "The id of the case.",
    "what": "What is meant to happen to it.",
    "because": "Why, for the reviewer.",
    "until": "The last day on which this holds, as year-month-day.",
    "suite": "The case's suite; needed in promptctl.toml only.",
}
CASE = {
    "id": "Letters of any script, digits, '.', '_' and '-'. Without one it is computed from the inputs.",
    "status": "active cases are asked and decide; quarantined ones are asked and listed.",
    "severity": "A broken blocker stops a change by itself; info is shown and decides nothing.",
    "tags": "For `promptctl test --tag`.",
    "group": "Cases that share a source: the statistics treat them as one.",
    "why": "What the case is about, for people.",
    "vars": "Values by input name.",
    "input": "The value of the prompt's only required input.",
    "messages": "A conversation so far; its last user message is answered.",
    "turns": "What the user says, turn by turn; the model's own replies stand between.",
    "contexts": "Passages for the prompt's input of type contexts.",
    "relevant": "The ids of the contexts that hold the answer.",
    "expected": "The right answer: a text, or {text}, {label} or {json}.",
    "rejected": "An answer that was wrong, with a reason.",
    "checks": "What is asked of the answer (of the last reply), after the suite's checks.",
    "checks_all": "What is asked of every reply of a conversation.",
    "watch": "true: asked on both sides and shown, decides nothing.",
    "source": "Where the case comes from.",
    "redacted": "What was taken out of its texts.",
    "quarantine": "Why the case does not decide, and until when.",
}
ANSWER = {
    "text": "As text.",
    "json": "As JSON: any value.",
    "label": "As one of a few labels.",
    "reason": "What is wrong with it.",
}
SUITE = {
    "prompt": "The id of the prompt that is tested; by default the suite's own.",
    "samples": "First draws per case and side.",
    "finished": "The implicit check that an answer ended by itself.",
    "checks": "What is asked of every case, before its own checks.",
    "gate": "What decides for this suite.",
    "accept": "Breaks, removals and weakenings that are meant.",
    "judge": "The judge of this suite.",
    "renamed_from": "The suite's id on base, where it was renamed and edited at once.",
    "internal": "true: its cases go to providers alone that say internal, too.",
    "cases": "The cases, where the suite is one file.",
}
HEADER = {
    "description": "One line for people.",
    "model": "The model's name; by default the project's.",
    "params": "Settings that go to the provider as they are; max_output_tokens is sent under the provider's own name.",
    "inputs": "The variables, by name: a type, or a mapping.",
    "output": "The shape of answer that is asked for.",
    "tools": "Files of the prompt folder, each a tool's definition.",
    "jinja": "Flags of Jinja that are switched off, for imported files.",
    "allow_empty": "true lets a message render empty.",
    "renamed_from": "The id that the prompt had on base.",
    "meta": "Anything you like.",
}
INPUT = {
    "type": "What a case gives.",
    "enum": "The values that are allowed.",
    "default": "The value of a case that gives none.",
    "optional": "true: a case need not give it.",
    "description": "For people.",
    "roles": "The roles that an input of type messages takes.",
}
OUTPUT = {
    "format": "json_schema with a schema, json_object without one.",
    "name": "What the schema is called when it is sent.",
    "strict": "Whether the server must hold to the schema.",
    "schema": "A file of the prompt folder, relative to it.",
}
CONFIG = {
    "project": "Where prompts and suites are, and what most prompts share.",
    "models": "Model names or patterns, and who serves them: a provider, or {provider, name}. The first match wins.",
    "providers": "Servers, by name.",
    "prices": "What models cost per million tokens, by name.",
    "judge": "The judge of suites that name none.",
    "gate": "What decides, where a suite does not say.",
    "budget": "What one run may ask.",
    "report": "How results are written.",
    "accept": "Accepted breaks of suites that are gone.",
    "feedback": "Where feedback comes from.",
}
PROJECT = {
    "prompts": "The folder of prompts, below the project's root.",
    "evals": "The folder of suites, below the project's root.",
    "cases_root": "A folder of private cases, laid out like that of the suites; Git ignores it.",
    "default_branch": "The branch that changes are compared with.",
    "model": "The model of prompts that name none.",
    "currency": "What prices and costs are in.",
}
PROVIDER = {
    "kind": "openai (any compatible server), scripted, embedded, or one that a package brings.",
    "base_url": "The server's address.",
    "allow_http": "true allows plain http beyond this machine.",
    "script": "The JSON file of a scripted provider.",
    "key_env": "The name of the variable that holds the key; never the key itself.",
    "ca_file": "A file of certificates to trust besides this machine's own.",
    "headers": "Further headers of every request.",
    "concurrency": "Calls at a time.",
    "deadline": "Seconds for one attempt.",
    "requests_per_minute": "The most requests in a minute.",
    "dialect": "The preset whose server stands at base_url, where the provider has another name.",
    "stream": "Whether answers are asked for in parts; auto: where the model needs it.",
    "api_version": "Of an Azure address that ends in /openai/deployments/NAME; newer ones need none.",
    "internal": "true: cases of internal suites may be sent there.",
}
