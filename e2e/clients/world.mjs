// What the scenarios stand on: courses to be assigned, and a new learner for each client, made over the API
// with plain requests.
import { randomUUID } from "node:crypto";

const password = "lyceum-demo";

export class World {
  #tokens = {};

  constructor(origin) {
    this.origin = origin;
    this.url = `${origin}/graphql`;
    this.run = randomUUID().slice(0, 8);
  }

  // ask runs a document as one of the demo's people and returns its data.
  async ask(who, query, variables = {}) {
    const response = await fetch(this.url, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${await this.#token(who)}` },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.timeout(20_000),
    });
    const { data, errors } = await response.json();
    if (errors) {
      throw new Error(`${who} asked ${query}: ${JSON.stringify(errors)}`);
    }
    return data;
  }

  // #token is given by the environment (ADMIN_TOKEN, INSTRUCTOR_TOKEN), since tries to sign in are limited.
  async #token(who) {
    return (this.#tokens[who] ??= process.env[`${who.toUpperCase()}_TOKEN`] ?? (await this.#signIn(who)));
  }

  async #signIn(who) {
    const response = await fetch(this.url, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({
        query: "mutation($i: SignInInput!) { signIn(input: $i) { token } }",
        variables: { i: { email: `${who}@acme.example`, password, tenant: "acme" } },
      }),
    });
    const { data, errors } = await response.json();
    if (errors) {
      throw new Error(`${who} cannot sign in: ${errors[0].message}`);
    }
    return data.signIn.token;
  }

  // publish makes courses of one article each and returns their ids. The first one stands in the catalog.
  async publish(count) {
    const ids = [];
    for (let n = 0; n < count; n++) {
      const slug = `clients-${this.run}-${n}`;
      const { saveCourse } = await this.ask(
        "instructor",
        "mutation($i: SaveCourseInput!) { saveCourse(input: $i) { course { id } } }",
        { i: { slug, title: `For clients, ${n}`, visibility: n === 0 ? "PUBLIC" : "UNLISTED" } },
      );
      const courseId = saveCourse.course.id;
      await this.ask(
        "instructor",
        `mutation($c: ID!) {
          saveModule(input: { courseId: $c, key: "m", title: "Module" }) { module { id } }
          saveLesson(input: { courseId: $c, moduleKey: "m", key: "l", title: "Lesson", kind: ARTICLE, body: "Words." }) { lesson { id } }
          publishCourse(input: { courseId: $c }) { created }
        }`,
        { c: courseId },
      );
      ids.push(courseId);
    }
    return ids;
  }

  async archive(courses) {
    for (const id of courses) {
      await this.ask("instructor", "mutation($c: ID!) { archiveCourse(courseId: $c) { course { id } } }", { c: id });
    }
  }

  // learner makes a learner and returns how to sign in.
  async learner(name) {
    const email = `${name}-${this.run}@acme.example`;
    const { createUser } = await this.ask(
      "admin",
      "mutation($i: CreateUserInput!) { createUser(input: $i) { user { id } } }",
      { i: { email, name, role: "LEARNER", password } },
    );
    return { id: createUser.user.id, email, password };
  }

  // assign gives the learner a course, about which they are notified.
  async assign(learnerId, courseId) {
    await this.ask(
      "instructor",
      "mutation($i: AssignCourseInput!) { assignCourse(input: $i) { enrollment { id } } }",
      { i: { courseId, learnerId } },
    );
  }
}
