// What the caller who is signed in may do, so that nobody is offered a button that is refused.
let scopes = [];

export const signedInWith = (given) => {
  scopes = given;
};

export const may = (scope) => scopes.includes(scope) || scopes.includes("ADMIN");
