/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
// Generated from schema.graphql and docs/operations by `npm run generate` in web/. Not to be edited.
/** How far a film or a sound is on its way to what people stream. */
export type AssetConversion =
  /** It is streamed, in as many qualities as its `renditions`. */
  | 'DONE'
  /**
   * It failed: `failure` says why. The file is played as it was uploaded, or as it was converted before, unless its status
   * is FAILED.
   */
  | 'FAILED'
  /** There is nothing to convert. */
  | 'NONE'
  /** It is played as it was uploaded: the server has no ffmpeg. */
  | 'PASSED_THROUGH'
  | 'RUNNING'
  | 'WAITING';

export type AssetKind =
  | 'AUDIO'
  | 'CAPTION'
  | 'DOCUMENT'
  | 'IMAGE'
  | 'OTHER'
  | 'VIDEO';

export type AssetStatus =
  /** A large file that has arrived whole and is being checked; `assetUpdated` says when that is over. */
  | 'CHECKING'
  /** Nobody gets it any more. It can be restored until `removedAt`. */
  | 'DELETED'
  /** A film or a sound that turned out to be broken when it was to be converted. */
  | 'FAILED'
  /** Waiting for its bytes. */
  | 'PENDING'
  /** It can be used. A film can be played as it was uploaded while it is converted. */
  | 'READY'
  /** What was sent is not what was announced, or is not allowed. */
  | 'REJECTED';

export type AttemptState =
  /** The time ran out; what was saved has been graded. */
  | 'EXPIRED'
  | 'IN_PROGRESS'
  | 'SUBMITTED';

export type CertificateStatus =
  /** It was good until a day that has passed. */
  | 'EXPIRED'
  /** It was taken back, whether or not it would be good still. */
  | 'REVOKED'
  | 'VALID';

/** What a condition is about, and in which unit `have` and `need` are. */
export type CompletionCode =
  /** Minutes. */
  | 'ATTENDANCE'
  /** `at` says by when. */
  | 'DEADLINE'
  /** The learner says so: `completeLesson`. */
  | 'DECLARE'
  /** `partId` says which lesson. */
  | 'LESSON'
  /** `partId` says which module. */
  | 'MODULE'
  /** Whatever `expression` says. */
  | 'OTHER'
  /** Parts of a module or course. */
  | 'PARTS'
  | 'QUIZ_ATTEMPTS'
  | 'QUIZ_PASS'
  /** Percent of the points. */
  | 'QUIZ_SCORE'
  | 'SIGN_OFF'
  /** Seconds. */
  | 'TIME_ON_TASK'
  /** `at` says until when. */
  | 'WAIT'
  /** Percent of the video. */
  | 'WATCH'
  /** Seconds of the video. */
  | 'WATCH_TIME';

/** How many parts complete a module or a course. */
export type CompletionNeed =
  | 'ALL'
  | 'ANY'
  /** So many as `count` says. */
  | 'AT_LEAST';

export type CourseFilter = {
  /** A category's slug. */
  category?: string | null | undefined;
  free?: boolean | null | undefined;
  /** BCP 47. */
  language?: string | null | undefined;
  level?: CourseLevel | null | undefined;
  tag?: string | null | undefined;
};

export type CourseLevel =
  | 'ADVANCED'
  | 'ALL'
  | 'BEGINNER'
  | 'INTERMEDIATE';

export type CourseOrder =
  | 'NEWEST'
  | 'TITLE';

export type CourseVisibility =
  /** Who is signed in. */
  | 'MEMBERS'
  /** Everybody. */
  | 'PUBLIC'
  /** Who has the address; it is in no list. */
  | 'UNLISTED';

export type EnrollmentEventKind =
  /** The place was taken, given up, completed or given another date. */
  | 'CHANGED'
  /** A lesson was completed; told to the learner themself. */
  | 'PROGRESSED'
  /** Some of what was missed cannot be told any more: read everything again, and go on from here. */
  | 'RESYNC'
  /** The stream starts here, of a client that continues nothing: what it reads now and is told from here on is all there is. */
  | 'STARTED';

/** Why somebody has a place. */
export type EnrollmentSource =
  /** It came with data from elsewhere. */
  | 'IMPORT'
  /** A learning path that they are on did; the reference is their place on it. */
  | 'PATH'
  /** They bought it. */
  | 'PURCHASE'
  /** A rule of the tenant did. */
  | 'RULE'
  /** They enrolled by themselves. */
  | 'SELF'
  /** Staff gave it to them. */
  | 'STAFF';

/** What a place is. Only ACTIVE and COMPLETED places are learned in. */
export type EnrollmentState =
  | 'ACTIVE'
  /** For good: nothing takes it back. */
  | 'COMPLETED'
  /** The last grant ended by its date. */
  | 'EXPIRED'
  /** Staff ask the learner to take it up: see answerInvitation. */
  | 'INVITED'
  /** The course has a price, and nothing says yet that it was paid. */
  | 'PENDING_PAYMENT'
  /** Staff ended the last grant. Only staff open it again. */
  | 'REVOKED'
  /** All seats are taken. Whoever waits longest gets the next one. */
  | 'WAITLISTED'
  /** The learner gave it up, or declined it. Enrolling again takes it up again. */
  | 'WITHDRAWN';

export type LeaderboardPeriod =
  | 'ALL'
  /** Since the first, in UTC. */
  | 'MONTH'
  /** Since Monday, in UTC. */
  | 'WEEK';

export type LeaderboardProfileInput = {
  hidden: boolean;
  /** At most 40 characters; empty for the name. */
  pseudonym: string;
};

export type LearningPathCourseInput = {
  courseId: string;
  required?: boolean;
};

export type LearningPathState =
  /** In no list. Who is on it goes on; nobody else gets on to it. */
  | 'ARCHIVED'
  /** Its authors work on it; nobody else sees it. */
  | 'DRAFT'
  /** Learners see it and get on to it. */
  | 'PUBLISHED';

export type LessonKind =
  | 'ARTICLE'
  | 'FILE'
  | 'LINK'
  | 'QUIZ'
  | 'VIDEO';

export type NotificationKind =
  | 'ACHIEVEMENT_EARNED'
  | 'CERTIFICATE_ISSUED'
  | 'CERTIFICATE_REVOKED'
  | 'COURSE_COMPLETED'
  /** Somebody assigned a course. */
  | 'ENROLLED'
  /** Somebody invited the learner to a course. */
  | 'INVITED'
  /** Somebody assigned a learning path. */
  | 'PATH_ASSIGNED'
  | 'PATH_COMPLETED'
  /** A seat became free for the learner, who was on the waiting list. */
  | 'PROMOTED';

export type PathEnrollmentState =
  | 'ACTIVE'
  /** For good: nothing takes it back, whatever becomes of the path. */
  | 'COMPLETED'
  /** Staff ended it. Only staff open it again. */
  | 'REVOKED'
  /** The learner left. Enrolling again takes it up again. */
  | 'WITHDRAWN';

export type PathStepState =
  /** Itself, or a course that counts as it. */
  | 'COMPLETED'
  /** It opens when the required courses before it are completed. */
  | 'LOCKED'
  | 'OPEN';

export type PlayedLessonInput = {
  lessonId: string;
  /** Where the player stands, in milliseconds. Null: what is known of it stays. */
  positionMs?: number | null | undefined;
  /** At most 500 in the batch, and none in lessons that are no videos. */
  segments: Array<SegmentInput>;
  /**
   * When there were signs of life in the lesson (a key, a pointer, a playing video), in milliseconds of any clock of
   * the client that never jumps, ascending; at most 500 in the batch. From one to the next counts as time on task,
   * but no more than a minute: a client repeats the last sign of one batch as the first of the next.
   */
  signs?: Array<number> | null | undefined;
};

export type ProgressEventKind =
  | 'COURSE_COMPLETED'
  | 'LESSON_COMPLETED'
  /** There is more evidence than before. */
  | 'MOVED'
  /** Some of what was missed cannot be told any more: look at the whole place again, and go on from here. */
  | 'RESYNC'
  /** The stream starts here, of a client that continues nothing: what it reads now and is told from here on is all there is. */
  | 'STARTED';

export type ProgressState =
  | 'COMPLETED'
  | 'IN_PROGRESS'
  | 'NOT_STARTED';

export type QuestionKind =
  | 'MULTIPLE_CHOICE'
  | 'NUMERIC'
  | 'SHORT_TEXT'
  | 'SINGLE_CHOICE';

export type RequestUploadInput = {
  contentType: string;
  fileName: string;
  kind: AssetKind;
  /** Hex. */
  sha256: string;
  size: number;
};

/** Choices for choice questions, number for numeric ones, text for short text. */
export type ResponseInput = {
  choices?: Array<string> | null | undefined;
  number?: string | null | undefined;
  text?: string | null | undefined;
};

/** What somebody may do inside their tenant. */
export type Role =
  /** A visitor who is not signed in. */
  | 'ANONYMOUS'
  | 'INSTRUCTOR'
  | 'LEARNER'
  /** Reads to help, where an admin has granted it, and changes nothing. */
  | 'SUPPORT'
  | 'TENANT_ADMIN';

export type SaveAchievementInput = {
  description?: string;
  /** Lower case letters, digits and dashes. */
  key: string;
  retired?: boolean;
  /** In a part of CEL: lessons >= 20 && points > 100. */
  rule: string;
  title: string;
};

export type SaveLearningPathInput = {
  /** For AT_LEAST: 1 to how many courses are required. */
  count?: number | null | undefined;
  /** In their order, each once; at most 30. */
  courses: Array<LearningPathCourseInput>;
  /** Plain text, at most 8 KB. */
  description?: string;
  /** 1 to 3650. */
  dueDays?: number | null | undefined;
  /** The revision that was edited, 0 for a new path. CONFLICT when there is another by now. */
  expectedRevision?: number | null | undefined;
  need?: CompletionNeed;
  ordered?: boolean;
  selfEnroll?: boolean;
  /** Lower-case words joined by hyphens; it names the path for good. */
  slug: string;
  /** 1 to 300 characters. */
  title: string;
  visibility?: CourseVisibility;
};

export type SearchFilter = {
  category?: string | null | undefined;
  language?: string | null | undefined;
  level?: CourseLevel | null | undefined;
};

/** What was played, milliseconds of the video, from included and to excluded. */
export type SegmentInput = {
  fromMs: number;
  /** The speed of playing, more than 0 and up to 16. Null: no faster than 2. What was played faster than 2 adds nothing. */
  rate?: number | null | undefined;
  toMs: number;
};

export type SignPartInput = {
  /** From 1. */
  number: number;
  /** Of this part, in hex: the storage refuses other bytes. */
  sha256: string;
};

export type TenantKind =
  | 'COMPANY'
  /** A K-12 school: stricter privacy rules apply. */
  | 'SCHOOL';

export type UserFilter = {
  role?: Role | null | undefined;
  /** Words in the name or the address. Not for support, from whom both are kept. */
  search?: string | null | undefined;
};

export type UserStatus =
  | 'ACTIVE'
  | 'SUSPENDED';

export type AddGroupMembersMutationVariables = Exact<{
  groupId: string;
  userIds: Array<string> | string;
}>;


export type AddGroupMembersMutation = { addGroupMembers: { changedCount: number, group: { id: string, memberCount: number } } };

export type AnswerInvitationMutationVariables = Exact<{
  enrollmentId: string;
  accept: boolean;
}>;


export type AnswerInvitationMutation = { answerInvitation: { enrollment: { id: string, state: EnrollmentState, waitlistPosition: number | null } } };

export type ArchiveGroupMutationVariables = Exact<{
  groupId: string;
}>;


export type ArchiveGroupMutation = { archiveGroup: { group: { id: string, archivedAt: string | null } } };

export type AssetUpdatedSubscriptionVariables = Exact<{
  id: string;
}>;


export type AssetUpdatedSubscription = { assetUpdated: { id: string, fileName: string, status: AssetStatus, failure: string, conversion: AssetConversion, progress: number, durationMs: number | null, url: string | null } };

export type AssignPathMutationVariables = Exact<{
  pathId: string;
  learnerId: string;
  dueAt?: string | null | undefined;
}>;


export type AssignPathMutation = { assignPath: { enrollment: { id: string, state: PathEnrollmentState, dueAt: string | null } } };

export type AttemptQueryVariables = Exact<{
  attemptId: string;
}>;


export type AttemptQuery = { attempt: { id: string, number: number, state: AttemptState, startedAt: string, deadlineAt: string | null, score: number | null, maxScore: number, passMark: number, passed: boolean | null, questions: Array<{ id: string, kind: QuestionKind, prompt: string, points: number, hints: Array<string>, choices: Array<{ key: string, html: string }>, response: { choices: Array<string>, number: string, text: string } | null, result: { correct: boolean, score: number, feedback: Array<string>, explanation: string } | null }> } | null };

export type AuditLogQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  subject?: string | null | undefined;
}>;


export type AuditLogQuery = { auditLog: { nodes: Array<{ seq: number, at: string, actor: string, role: string, action: string, subject: string, hash: string, data: Array<{ name: string, value: string }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type CaptionsQueryVariables = Exact<{
  assetId: string;
  locale?: string | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type CaptionsQuery = { captionRevisions: { nodes: Array<{ number: number, locale: string, label: string, vtt: string | null, cueCount: number, createdAt: string, revertOf: number | null, author: { name: string } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type CatalogQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  filter?: CourseFilter | null | undefined;
  orderBy?: CourseOrder | null | undefined;
}>;


export type CatalogQuery = { courses: { totalCount: number, nodes: Array<{ id: string, slug: string, title: string, summary: string, language: string, level: CourseLevel, tags: Array<string>, lessonCount: number, durationMs: number, categories: Array<{ slug: string, name: string }>, price: { amount: number, currency: string } | null, instructor: { id: string, name: string } | null, modules: Array<{ id: string, title: string, lessons: Array<{ id: string, title: string, kind: LessonKind, durationMs: number }> }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } }, categories: Array<{ slug: string, name: string }> };

export type CompleteLessonMutationVariables = Exact<{
  enrollmentId: string;
  lessonId: string;
}>;


export type CompleteLessonMutation = { completeLesson: { completedLessonIds: Array<string>, progress: { state: ProgressState, percent: number } } };

export type CompleteUploadMutationVariables = Exact<{
  assetId: string;
}>;


export type CompleteUploadMutation = { completeUpload: { asset: { id: string, status: AssetStatus, failure: string, conversion: AssetConversion, progress: number } } };

export type CompletionPreviewQueryVariables = Exact<{
  courseId: string;
}>;


export type CompletionPreviewQuery = { completionPreview: { places: number, examined: number, completed: number, wouldComplete: number, wouldNeedMore: number, enrollments: Array<{ id: string, learner: { name: string } | null }> } };

export type ConvertAssetMutationVariables = Exact<{
  assetId: string;
}>;


export type ConvertAssetMutation = { convertAsset: { asset: { id: string, conversion: AssetConversion, progress: number } } };

export type CourseDraftQueryVariables = Exact<{
  slug: string;
}>;


export type CourseDraftQuery = { courseDraft: { id: string, slug: string, title: string, revision: number, changed: boolean, published: { number: number, publishedAt: string } | null, versions: Array<{ number: number, note: string, contentHash: string, publishedAt: string, publishedBy: { name: string } | null }>, modules: Array<{ key: string, title: string, lessons: Array<{ key: string, title: string, kind: LessonKind, quiz: { passMark: number, questions: Array<{ key: string, kind: QuestionKind, prompt: string, choices: Array<{ text: string, correct: boolean }> }> } | null }> }> } | null };

export type CourseReportsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type CourseReportsQuery = { courseDrafts: { nodes: Array<{ id: string, slug: string, title: string, report: { learners: number, notStarted: number, completed: number, stuckCount: number, progress: Array<{ fromPercent: number, toPercent: number, learners: number }>, stuck: Array<{ since: string, failedAttempts: number, enrollment: { id: string, learner: { id: string, name: string } | null, progress: { percent: number } } }>, completions: Array<{ date: string, learners: number }> } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type CourseQueryVariables = Exact<{
  slug?: string | null | undefined;
  byId?: string | null | undefined;
}>;


export type CourseQuery = { course: { id: string, slug: string, title: string, summary: string, description: string, language: string, level: CourseLevel, tags: Array<string>, version: number, publishedAt: string, lessonCount: number, requiredLessonCount: number, durationMs: number, hasCertificate: boolean, price: { amount: number, currency: string } | null, categories: Array<{ slug: string, name: string }>, instructor: { name: string } | null, prerequisites: Array<{ slug: string, title: string, enrollment: { state: EnrollmentState } | null }>, modules: Array<{ id: string, key: string, title: string, summary: string, lessons: Array<{ id: string, key: string, title: string, section: string, kind: LessonKind, required: boolean, preview: boolean, durationMs: number, progress: { state: ProgressState, watchedMs: number, positionMs: number } | null }> }>, enrollment: { id: string, state: EnrollmentState, waitlistPosition: number | null, dueAt: string | null, course: { version: number, lessonCount: number, durationMs: number, modules: Array<{ id: string, key: string, title: string, summary: string, lessons: Array<{ id: string, key: string, title: string, section: string, kind: LessonKind, required: boolean, preview: boolean, durationMs: number, progress: { state: ProgressState, watchedMs: number, positionMs: number } | null }> }> }, progress: { state: ProgressState, percent: number, completedRequired: number, requiredLessons: number }, nextLesson: { id: string, title: string } | null, certificate: { code: string, verifyUrl: string } | null } | null } | null };

export type OutlineFragment = { id: string, key: string, title: string, summary: string, lessons: Array<{ id: string, key: string, title: string, section: string, kind: LessonKind, required: boolean, preview: boolean, durationMs: number, progress: { state: ProgressState, watchedMs: number, positionMs: number } | null }> };

export type DashboardQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type DashboardQuery = { myEnrollments: { nodes: Array<{ id: string, state: EnrollmentState, waitlistPosition: number | null, enrolledAt: string, dueAt: string | null, completedAt: string | null, course: { id: string, slug: string, title: string, instructor: { name: string } | null }, progress: { state: ProgressState, percent: number, completedLessons: number, lastActivityAt: string | null }, nextLesson: { id: string, title: string, kind: LessonKind } | null, certificate: { code: string, status: CertificateStatus, verifyUrl: string, pdfUrl: string | null } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type DeleteAssetMutationVariables = Exact<{
  assetId: string;
}>;


export type DeleteAssetMutation = { deleteAsset: { asset: { id: string, status: AssetStatus, removedAt: string | null } } };

export type EngagementQueryVariables = Exact<{
  period?: LeaderboardPeriod;
  first?: number | null | undefined;
}>;


export type EngagementQuery = { myPoints: { total: number, week: number, month: number }, myStreak: { current: number, longest: number, today: boolean, timeZone: string }, myAchievements: Array<{ title: string, description: string, earnedAt: string }>, leaderboard: { hidden: boolean, nodes: Array<{ rank: number, points: number, name: string | null, self: boolean }>, self: { rank: number, points: number } | null } };

export type EnrollInPathMutationVariables = Exact<{
  pathId: string;
}>;


export type EnrollInPathMutation = { enrollInPath: { enrollment: { id: string, state: PathEnrollmentState, dueAt: string | null, reachedCount: number, neededCount: number } } };

export type EnrollMutationVariables = Exact<{
  courseId: string;
}>;


export type EnrollMutation = { enroll: { enrollment: { id: string, state: EnrollmentState, waitlistPosition: number | null, course: { title: string, version: number }, progress: { percent: number, requiredLessons: number } } } };

export type EnrollmentChangedSubscriptionVariables = Exact<{
  courseId?: string | null | undefined;
  after?: string | null | undefined;
}>;


export type EnrollmentChangedSubscription = { enrollmentChanged: { eventId: string, kind: EnrollmentEventKind, at: string, enrollment: { id: string, state: EnrollmentState, dueAt: string | null, completedAt: string | null, learner: { id: string, name: string } | null, course: { id: string, slug: string, title: string } } | null } };

export type GrantSupportMutationVariables = Exact<{
  reason: string;
  minutes?: number | null | undefined;
}>;


export type GrantSupportMutation = { grantSupport: { grant: { id: string, reason: string, expiresAt: string } } };

export type GroupLeaderboardQueryVariables = Exact<{
  groupId: string;
  period?: LeaderboardPeriod;
  first?: number | null | undefined;
  after?: string | null | undefined;
  around?: boolean | null | undefined;
}>;


export type GroupLeaderboardQuery = { leaderboard: { hidden: boolean, nodes: Array<{ rank: number, points: number, name: string | null, self: boolean }>, pageInfo: { hasNextPage: boolean, endCursor: string | null }, self: { rank: number, points: number } | null } };

export type GroupQueryVariables = Exact<{
  groupId: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type GroupQuery = { group: { id: string, key: string, name: string, archivedAt: string | null, memberCount: number, members: { nodes: Array<{ since: string, user: { id: string, name: string, email: string | null, status: UserStatus | null } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null } | null };

export type GroupsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  archived?: boolean;
}>;


export type GroupsQuery = { groups: { nodes: Array<{ id: string, key: string, name: string, archivedAt: string | null, memberCount: number, members: { nodes: Array<{ since: string, user: { id: string, name: string } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type LeaderboardQueryVariables = Exact<{
  courseId?: string | null | undefined;
  period?: LeaderboardPeriod;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type LeaderboardQuery = { leaderboard: { hidden: boolean, nodes: Array<{ rank: number, points: number, name: string | null, self: boolean }>, pageInfo: { hasNextPage: boolean, endCursor: string | null }, self: { rank: number, points: number } | null } };

export type LearnerDashboardQueryVariables = Exact<{ [key: string]: never; }>;


export type LearnerDashboardQuery = { learnerDashboard: { recommended: { id: string, dueAt: string | null, course: { id: string, slug: string, title: string }, progress: { state: ProgressState, percent: number }, nextLesson: { id: string, title: string, kind: LessonKind } | null } | null, due: Array<{ id: string, dueAt: string | null, course: { slug: string, title: string }, progress: { percent: number } }>, inProgress: Array<{ id: string, dueAt: string | null, course: { slug: string, title: string }, progress: { state: ProgressState, percent: number, lastActivityAt: string | null }, nextLesson: { id: string, title: string } | null }>, certificates: Array<{ code: string, status: CertificateStatus, verifyUrl: string }> } };

export type LearningPathQueryVariables = Exact<{
  pathSlug: string;
}>;


export type LearningPathQuery = { learningPath: { id: string, slug: string, title: string, description: string, state: LearningPathState, need: CompletionNeed, count: number, ordered: boolean, selfEnroll: boolean, courses: Array<{ required: boolean, course: { slug: string, title: string, summary: string } | null }>, enrollment: { id: string, state: PathEnrollmentState, dueAt: string | null, overdue: boolean, completedAt: string | null, reachedCount: number, neededCount: number, steps: Array<{ state: PathStepState, required: boolean, course: { slug: string, title: string, summary: string } | null, enrollment: { id: string, state: EnrollmentState, course: { slug: string, title: string }, progress: { percent: number } } | null }> } | null } | null };

export type LearningPathsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type LearningPathsQuery = { learningPaths: { nodes: Array<{ id: string, slug: string, title: string, description: string, need: CompletionNeed, count: number, selfEnroll: boolean, courses: Array<{ required: boolean, course: { slug: string, title: string } | null }>, enrollment: { id: string, state: PathEnrollmentState, overdue: boolean, reachedCount: number, neededCount: number } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type LessonDropOffQueryVariables = Exact<{
  courseId: string;
  lessonId: string;
}>;


export type LessonDropOffQuery = { lessonDropOff: { learners: number | null, minutes: Array<number> } | null };

export type LessonQueryVariables = Exact<{
  courseId: string;
  id: string;
}>;


export type LessonQuery = { lesson: { id: string, title: string, kind: LessonKind, durationMs: number, progress: { state: ProgressState, watchedMs: number, positionMs: number } | null, content:
      | { __typename: 'ArticleContent', html: string }
      | { __typename: 'FileContent', fileName: string, size: number, html: string, fileUrl: string, fileType: string }
      | { __typename: 'LinkContent', html: string, linkUrl: string }
      | { __typename: 'QuizContent', html: string, passMark: number, attemptsAllowed: number | null, timeLimitSeconds: number | null, questionCount: number, attempts: Array<{ id: string, number: number, state: AttemptState, score: number | null, maxScore: number, passed: boolean | null }> }
      | { __typename: 'VideoContent', url: string | null, hlsUrl: string | null, posterUrl: string | null, storyboardUrl: string | null, externalUrl: string | null, expiresAt: string | null, contentType: string | null, html: string, captions: Array<{ locale: string, label: string, vtt: string }>, captionTracks: Array<{ locale: string, label: string, url: string, default: boolean }> }
     | null } | null };

export type MailPreferencesQueryVariables = Exact<{ [key: string]: never; }>;


export type MailPreferencesQuery = { mailPreferences: Array<{ kind: NotificationKind, wanted: boolean }> };

export type MarkReadMutationVariables = Exact<{
  ids?: Array<string> | string | null | undefined;
}>;


export type MarkReadMutation = { markNotificationsRead: { marked: number, unreadCount: number } };

export type MyGroupsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type MyGroupsQuery = { myGroups: { nodes: Array<{ id: string, key: string, name: string, memberCount: number }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type MyPathsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type MyPathsQuery = { myPathEnrollments: { nodes: Array<{ id: string, state: PathEnrollmentState, dueAt: string | null, overdue: boolean, completedAt: string | null, reachedCount: number, neededCount: number, path: { slug: string, title: string }, steps: Array<{ state: PathStepState, required: boolean, course: { slug: string, title: string } | null }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type NotificationReceivedSubscriptionVariables = Exact<{
  after?: number | null | undefined;
}>;


export type NotificationReceivedSubscription = { notificationReceived: { id: string, seq: number, kind: NotificationKind, title: string, body: string, link: string, sentAt: string } };

export type NotificationsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  unreadOnly?: boolean | null | undefined;
}>;


export type NotificationsQuery = { notifications: { unreadCount: number, nodes: Array<{ id: string, seq: number, kind: NotificationKind, title: string, body: string, link: string, sentAt: string, readAt: string | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type PathDraftsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type PathDraftsQuery = { allLearningPaths: { nodes: Array<{ id: string, slug: string, title: string, state: LearningPathState, revision: number, courses: Array<{ required: boolean, draft: { id: string, slug: string, title: string } | null }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type PathRosterQueryVariables = Exact<{
  pathId: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type PathRosterQuery = { pathEnrollments: { nodes: Array<{ id: string, state: PathEnrollmentState, byStaff: boolean, enrolledAt: string, dueAt: string | null, overdue: boolean, completedAt: string | null, reachedCount: number, neededCount: number, learner: { id: string, name: string } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type PeopleQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  filter?: UserFilter | null | undefined;
}>;


export type PeopleQuery = { users: { nodes: Array<{ id: string, name: string, email: string | null, role: Role, status: UserStatus | null, createdAt: string }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type PlaceQueryVariables = Exact<{
  enrollmentId: string;
}>;


export type PlaceQuery = { node:
    | { __typename: 'ApiKey' }
    | { __typename: 'Asset' }
    | { __typename: 'Attempt' }
    | { __typename: 'AuditEntry' }
    | { __typename: 'Category' }
    | { __typename: 'Certificate' }
    | { __typename: 'Course' }
    | { __typename: 'Enrollment', id: string, state: EnrollmentState, waitlistPosition: number | null, dueAt: string | null, course: { id: string, slug: string, title: string, summary: string, description: string, language: string, level: CourseLevel, tags: Array<string>, version: number, publishedAt: string, lessonCount: number, requiredLessonCount: number, durationMs: number, hasCertificate: boolean, price: { amount: number, currency: string } | null, categories: Array<{ slug: string, name: string }>, instructor: { name: string } | null, prerequisites: Array<{ slug: string, title: string, enrollment: { state: EnrollmentState } | null }>, modules: Array<{ id: string, key: string, title: string, summary: string, lessons: Array<{ id: string, key: string, title: string, section: string, kind: LessonKind, required: boolean, preview: boolean, durationMs: number, progress: { state: ProgressState, watchedMs: number, positionMs: number } | null }> }> }, progress: { state: ProgressState, percent: number, completedRequired: number, requiredLessons: number }, nextLesson: { id: string, title: string } | null, certificate: { code: string, verifyUrl: string } | null }
    | { __typename: 'Group' }
    | { __typename: 'LearningPath' }
    | { __typename: 'Notification' }
    | { __typename: 'PathEnrollment' }
    | { __typename: 'Session' }
    | { __typename: 'SupportGrant' }
    | { __typename: 'Tenant' }
    | { __typename: 'User' }
   | null };

export type ProgressUpdatedSubscriptionVariables = Exact<{
  enrollmentId: string;
  after?: string | null | undefined;
}>;


export type ProgressUpdatedSubscription = { progressUpdated: { eventId: string, kind: ProgressEventKind, at: string, lessonId: string | null, enrollment: { id: string, state: EnrollmentState, progress: { state: ProgressState, percent: number, completedLessons: number, completedRequired: number, requiredLessons: number, lastActivityAt: string | null, completedAt: string | null } } } };

export type PublishCourseMutationVariables = Exact<{
  courseId: string;
  note?: string | null | undefined;
}>;


export type PublishCourseMutation = { publishCourse: { created: boolean, version: { number: number, contentHash: string, lessonCount: number } } };

export type PublishLearningPathMutationVariables = Exact<{
  id: string;
}>;


export type PublishLearningPathMutation = { publishLearningPath: { path: { id: string, state: LearningPathState, publishedAt: string | null } } };

export type PublishingRulesMutationVariables = Exact<{
  captionsRequired?: boolean | null | undefined;
}>;


export type PublishingRulesMutation = { updatePublishingRules: { tenant: { captionsRequired: boolean } } };

export type RecordProgressMutationVariables = Exact<{
  enrollmentId: string;
  lessons: Array<PlayedLessonInput> | PlayedLessonInput;
  sessionId?: string | null | undefined;
  sequence?: number | null | undefined;
  ageMs?: number | null | undefined;
}>;


export type RecordProgressMutation = { recordProgress: { completedLessonIds: Array<string>, progress: { state: ProgressState, percent: number, completedRequired: number, requiredLessons: number, lessons: Array<{ lessonId: string, state: ProgressState, watchedMs: number, positionMs: number, timeOnTaskMs: number }> } } };

export type RemoveGroupMembersMutationVariables = Exact<{
  groupId: string;
  userIds: Array<string> | string;
}>;


export type RemoveGroupMembersMutation = { removeGroupMembers: { changedCount: number, group: { id: string, memberCount: number } } };

export type RequestUploadMutationVariables = Exact<{
  input: RequestUploadInput;
}>;


export type RequestUploadMutation = { requestUpload: { asset: { id: string, fileName: string, status: AssetStatus, failure: string, conversion: AssetConversion, progress: number, parts: { size: number, count: number, expiresAt: string, received: Array<{ number: number, size: number, sha256: string }> } | null }, upload: { method: string, url: string, expiresAt: string, headers: Array<{ name: string, value: string }> } | null } };

export type RestoreAssetMutationVariables = Exact<{
  assetId: string;
}>;


export type RestoreAssetMutation = { restoreAsset: { asset: { id: string, status: AssetStatus } } };

export type RevertCaptionsMutationVariables = Exact<{
  assetId: string;
  locale: string;
  number: number;
}>;


export type RevertCaptionsMutation = { revertCaptions: { revision: { number: number, revertOf: number | null } } };

export type RevokeCertificateMutationVariables = Exact<{
  certificateId: string;
  reason: string;
}>;


export type RevokeCertificateMutation = { revokeCertificate: { certificate: { id: string, code: string, status: CertificateStatus, revokedAt: string | null, revocationReason: string, verifyUrl: string } } };

export type RosterQueryVariables = Exact<{
  courseId: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type RosterQuery = { enrollments: { nodes: Array<{ id: string, state: EnrollmentState, source: EnrollmentSource, enrolledAt: string, dueAt: string | null, overdue: boolean, waitlistPosition: number | null, learner: { id: string, name: string, email: string | null } | null, progress: { percent: number, completedLessons: number, lastActivityAt: string | null }, certificate: { id: string, code: string, status: CertificateStatus } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type SaveAchievementMutationVariables = Exact<{
  input: SaveAchievementInput;
}>;


export type SaveAchievementMutation = { saveAchievement: { achievement: { key: string, title: string, description: string, rule: string, retiredAt: string | null } } };

export type SaveAnswerMutationVariables = Exact<{
  attemptId: string;
  questionId: string;
  response: ResponseInput;
}>;


export type SaveAnswerMutation = { saveAnswer: { attempt: { id: string, state: AttemptState, deadlineAt: string | null } } };

export type SaveCaptionsMutationVariables = Exact<{
  assetId: string;
  locale: string;
  label?: string | null | undefined;
  content: string;
  expectedNumber?: number | null | undefined;
}>;


export type SaveCaptionsMutation = { saveCaptions: { revision: { number: number, cueCount: number } } };

export type SaveGroupMutationVariables = Exact<{
  key: string;
  name: string;
}>;


export type SaveGroupMutation = { saveGroup: { group: { id: string, key: string, name: string } } };

export type SaveLearningPathMutationVariables = Exact<{
  input: SaveLearningPathInput;
}>;


export type SaveLearningPathMutation = { saveLearningPath: { path: { id: string, slug: string, state: LearningPathState, revision: number, courses: Array<{ required: boolean, draft: { id: string, title: string } | null }> } } };

export type SearchTokenQueryVariables = Exact<{ [key: string]: never; }>;


export type SearchTokenQuery = { searchToken: { token: string, expiresAt: string, host: string, index: string } | null };

export type SearchQueryVariables = Exact<{
  query: string;
  first?: number | null | undefined;
  offset?: number | null | undefined;
  filter?: SearchFilter | null | undefined;
}>;


export type SearchQuery = { search: { totalCount: number, degraded: boolean, hits: Array<{ title: string, snippet: string, atMs: number | null, link: string, course: { id: string, slug: string, title: string }, lesson: { id: string, title: string, kind: LessonKind } | null }> } };

export type SetLeaderboardProfileMutationVariables = Exact<{
  input: LeaderboardProfileInput;
}>;


export type SetLeaderboardProfileMutation = { setLeaderboardProfile: { profile: { hidden: boolean, pseudonym: string } } };

export type SetMailPreferenceMutationVariables = Exact<{
  kind: NotificationKind;
  wanted: boolean;
}>;


export type SetMailPreferenceMutation = { setMailPreference: { mailPreferences: Array<{ kind: NotificationKind, wanted: boolean }> } };

export type SetTimeZoneMutationVariables = Exact<{
  timeZone: string;
}>;


export type SetTimeZoneMutation = { setTimeZone: { timeZone: string } };

export type SignInMutationVariables = Exact<{
  email: string;
  password: string;
  tenant?: string | null | undefined;
}>;


export type SignInMutation = { signIn: { token: string, expiresAt: string, viewer: { role: Role, tenant: { slug: string, name: string }, user: { id: string, name: string } | null } } };

export type SignOutMutationVariables = Exact<{ [key: string]: never; }>;


export type SignOutMutation = { signOut: { signedOut: boolean } };

export type SignPartsMutationVariables = Exact<{
  assetId: string;
  parts: Array<SignPartInput> | SignPartInput;
}>;


export type SignPartsMutation = { signParts: { parts: Array<{ number: number, upload: { method: string, url: string, expiresAt: string, headers: Array<{ name: string, value: string }> } }> } };

export type StartAttemptMutationVariables = Exact<{
  enrollmentId: string;
  lessonId: string;
}>;


export type StartAttemptMutation = { startAttempt: { attempt: { id: string, number: number, state: AttemptState, startedAt: string, deadlineAt: string | null, maxScore: number, passMark: number, questions: Array<{ id: string, kind: QuestionKind, prompt: string, points: number, hints: Array<string>, choices: Array<{ key: string, html: string }>, response: { choices: Array<string>, number: string, text: string } | null }> } } };

export type StorageUsageQueryVariables = Exact<{
  months?: number | null | undefined;
}>;


export type StorageUsageQuery = { storageUsage: { used: number, quota: number, mine: number, quotaPerUser: number, months: Array<{ month: string, bytesStored: number, bytesRemoved: number, minutesTranscoded: number }> } };

export type SubmitAttemptMutationVariables = Exact<{
  attemptId: string;
}>;


export type SubmitAttemptMutation = { submitAttempt: { attempt: { id: string, state: AttemptState, score: number | null, maxScore: number, passMark: number, passed: boolean | null, questions: Array<{ id: string, response: { choices: Array<string>, number: string, text: string } | null, result: { correct: boolean, score: number, feedback: Array<string>, explanation: string } | null }> } } };

export type VerifyCertificateQueryVariables = Exact<{
  code: string;
}>;


export type VerifyCertificateQuery = { verifyCertificate: { status: CertificateStatus, learnerName: string, courseTitle: string, tenantName: string, completedAt: string, issuedAt: string, expiresAt: string | null, revokedAt: string | null } | null };

export type ViewerQueryVariables = Exact<{ [key: string]: never; }>;


export type ViewerQuery = { viewer: { role: Role, tenant: { id: string, slug: string, name: string, kind: TenantKind, locale: string, branding: { accent: string, logoUrl: string, signatory: string } }, user: { id: string, name: string, email: string | null } | null } };

export type WhatIsLeftQueryVariables = Exact<{
  enrollmentId: string;
}>;


export type WhatIsLeftQuery = { node:
    | { id: string, progress: { completion: { state: ProgressState, completedAt: string | null, missing: Array<{ code: CompletionCode, text: string, have: number, need: number, at: string | null, partId: string | null, group: number }> }, modules: Array<{ moduleId: string, completion: { state: ProgressState, completedAt: string | null, missing: Array<{ code: CompletionCode, text: string, have: number, need: number, at: string | null, partId: string | null, group: number }> }, lessons: Array<{ lessonId: string, completion: { state: ProgressState, completedAt: string | null, missing: Array<{ code: CompletionCode, text: string, have: number, need: number, at: string | null, partId: string | null, group: number }> } }> }> } }
    | Record<PropertyKey, never>
   | null };

export type LeftFragment = { state: ProgressState, completedAt: string | null, missing: Array<{ code: CompletionCode, text: string, have: number, need: number, at: string | null, partId: string | null, group: number }> };

export type WithdrawFromPathMutationVariables = Exact<{
  pathEnrollmentId: string;
}>;


export type WithdrawFromPathMutation = { withdrawFromPath: { enrollment: { id: string, state: PathEnrollmentState } } };

export type WithdrawMutationVariables = Exact<{
  enrollmentId: string;
}>;


export type WithdrawMutation = { withdraw: { enrollment: { id: string, state: EnrollmentState } } };

/** The ready documents, by the name under which the API runs them. */
export interface Operations {
  "add-group-members": { data: AddGroupMembersMutation; variables: AddGroupMembersMutationVariables };
  "answer-invitation": { data: AnswerInvitationMutation; variables: AnswerInvitationMutationVariables };
  "archive-group": { data: ArchiveGroupMutation; variables: ArchiveGroupMutationVariables };
  "asset-updated": { data: AssetUpdatedSubscription; variables: AssetUpdatedSubscriptionVariables };
  "assign-path": { data: AssignPathMutation; variables: AssignPathMutationVariables };
  "attempt": { data: AttemptQuery; variables: AttemptQueryVariables };
  "audit-log": { data: AuditLogQuery; variables: AuditLogQueryVariables };
  "captions": { data: CaptionsQuery; variables: CaptionsQueryVariables };
  "catalog": { data: CatalogQuery; variables: CatalogQueryVariables };
  "complete-lesson": { data: CompleteLessonMutation; variables: CompleteLessonMutationVariables };
  "complete-upload": { data: CompleteUploadMutation; variables: CompleteUploadMutationVariables };
  "completion-preview": { data: CompletionPreviewQuery; variables: CompletionPreviewQueryVariables };
  "convert-asset": { data: ConvertAssetMutation; variables: ConvertAssetMutationVariables };
  "course": { data: CourseQuery; variables: CourseQueryVariables };
  "course-draft": { data: CourseDraftQuery; variables: CourseDraftQueryVariables };
  "course-reports": { data: CourseReportsQuery; variables: CourseReportsQueryVariables };
  "dashboard": { data: DashboardQuery; variables: DashboardQueryVariables };
  "delete-asset": { data: DeleteAssetMutation; variables: DeleteAssetMutationVariables };
  "engagement": { data: EngagementQuery; variables: EngagementQueryVariables };
  "enroll": { data: EnrollMutation; variables: EnrollMutationVariables };
  "enroll-in-path": { data: EnrollInPathMutation; variables: EnrollInPathMutationVariables };
  "enrollment-changed": { data: EnrollmentChangedSubscription; variables: EnrollmentChangedSubscriptionVariables };
  "grant-support": { data: GrantSupportMutation; variables: GrantSupportMutationVariables };
  "group": { data: GroupQuery; variables: GroupQueryVariables };
  "group-leaderboard": { data: GroupLeaderboardQuery; variables: GroupLeaderboardQueryVariables };
  "groups": { data: GroupsQuery; variables: GroupsQueryVariables };
  "leaderboard": { data: LeaderboardQuery; variables: LeaderboardQueryVariables };
  "learner-dashboard": { data: LearnerDashboardQuery; variables: LearnerDashboardQueryVariables };
  "learning-path": { data: LearningPathQuery; variables: LearningPathQueryVariables };
  "learning-paths": { data: LearningPathsQuery; variables: LearningPathsQueryVariables };
  "lesson": { data: LessonQuery; variables: LessonQueryVariables };
  "lesson-drop-off": { data: LessonDropOffQuery; variables: LessonDropOffQueryVariables };
  "mail-preferences": { data: MailPreferencesQuery; variables: MailPreferencesQueryVariables };
  "mark-read": { data: MarkReadMutation; variables: MarkReadMutationVariables };
  "my-groups": { data: MyGroupsQuery; variables: MyGroupsQueryVariables };
  "my-paths": { data: MyPathsQuery; variables: MyPathsQueryVariables };
  "notification-received": { data: NotificationReceivedSubscription; variables: NotificationReceivedSubscriptionVariables };
  "notifications": { data: NotificationsQuery; variables: NotificationsQueryVariables };
  "path-drafts": { data: PathDraftsQuery; variables: PathDraftsQueryVariables };
  "path-roster": { data: PathRosterQuery; variables: PathRosterQueryVariables };
  "people": { data: PeopleQuery; variables: PeopleQueryVariables };
  "place": { data: PlaceQuery; variables: PlaceQueryVariables };
  "progress-updated": { data: ProgressUpdatedSubscription; variables: ProgressUpdatedSubscriptionVariables };
  "publish-course": { data: PublishCourseMutation; variables: PublishCourseMutationVariables };
  "publish-learning-path": { data: PublishLearningPathMutation; variables: PublishLearningPathMutationVariables };
  "publishing-rules": { data: PublishingRulesMutation; variables: PublishingRulesMutationVariables };
  "record-progress": { data: RecordProgressMutation; variables: RecordProgressMutationVariables };
  "remove-group-members": { data: RemoveGroupMembersMutation; variables: RemoveGroupMembersMutationVariables };
  "request-upload": { data: RequestUploadMutation; variables: RequestUploadMutationVariables };
  "restore-asset": { data: RestoreAssetMutation; variables: RestoreAssetMutationVariables };
  "revert-captions": { data: RevertCaptionsMutation; variables: RevertCaptionsMutationVariables };
  "revoke-certificate": { data: RevokeCertificateMutation; variables: RevokeCertificateMutationVariables };
  "roster": { data: RosterQuery; variables: RosterQueryVariables };
  "save-achievement": { data: SaveAchievementMutation; variables: SaveAchievementMutationVariables };
  "save-answer": { data: SaveAnswerMutation; variables: SaveAnswerMutationVariables };
  "save-captions": { data: SaveCaptionsMutation; variables: SaveCaptionsMutationVariables };
  "save-group": { data: SaveGroupMutation; variables: SaveGroupMutationVariables };
  "save-learning-path": { data: SaveLearningPathMutation; variables: SaveLearningPathMutationVariables };
  "search": { data: SearchQuery; variables: SearchQueryVariables };
  "search-token": { data: SearchTokenQuery; variables: SearchTokenQueryVariables };
  "set-leaderboard-profile": { data: SetLeaderboardProfileMutation; variables: SetLeaderboardProfileMutationVariables };
  "set-mail-preference": { data: SetMailPreferenceMutation; variables: SetMailPreferenceMutationVariables };
  "set-time-zone": { data: SetTimeZoneMutation; variables: SetTimeZoneMutationVariables };
  "sign-in": { data: SignInMutation; variables: SignInMutationVariables };
  "sign-out": { data: SignOutMutation; variables: SignOutMutationVariables };
  "sign-parts": { data: SignPartsMutation; variables: SignPartsMutationVariables };
  "start-attempt": { data: StartAttemptMutation; variables: StartAttemptMutationVariables };
  "storage-usage": { data: StorageUsageQuery; variables: StorageUsageQueryVariables };
  "submit-attempt": { data: SubmitAttemptMutation; variables: SubmitAttemptMutationVariables };
  "verify-certificate": { data: VerifyCertificateQuery; variables: VerifyCertificateQueryVariables };
  "viewer": { data: ViewerQuery; variables: ViewerQueryVariables };
  "what-is-left": { data: WhatIsLeftQuery; variables: WhatIsLeftQueryVariables };
  "withdraw": { data: WithdrawMutation; variables: WithdrawMutationVariables };
  "withdraw-from-path": { data: WithdrawFromPathMutation; variables: WithdrawFromPathMutationVariables };
}