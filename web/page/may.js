// What the caller who is signed in may do, so that nobody is offered a button that is refused.
let scopes = [];
let name = "";

export const signedInWith = (found) => {
  scopes = found.scopes;
  name = `${found.workspace} ${found.name}`;
};

// Whose drafts and searches these are.
export const who = () => name;

export const may = (scope) => scopes.includes(scope) || scopes.includes("ADMIN");
